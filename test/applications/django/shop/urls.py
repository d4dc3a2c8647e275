from django.http import JsonResponse
from django.urls import path


def count(request):
    request.session["seen"] = request.session.get("seen", 0) + 1
    return JsonResponse({"seen": request.session["seen"]})


urlpatterns = [path("count/", count)]
