def wait_for_logs(container, predicate, timeout=None):
    pass
