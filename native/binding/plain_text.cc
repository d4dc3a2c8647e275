// native/binding/plain_text.cc: where the hot path sees values in a statement's text. Typed in src/native/frontend.ts.
#include "core/plain_text.h"

#include "arguments.h"
#include "register.h"

namespace ferrosa {
namespace {

// literalSpans(text): (start, end)* in its bytes, quotes included; null when the text is JavaScript's to read.
Napi::Value LiteralSpans(const Napi::CallbackInfo& info) {
  Slice text;
  if (!GetBytes(info, 0, &text)) return info.Env().Undefined();
  PlainText plain;
  if (!ScanPlainText(text, &plain)) return info.Env().Null();
  Napi::Array out = Napi::Array::New(info.Env(), plain.literals.size() * 2);
  uint32_t at = 0;
  for (const Literal& literal : plain.literals) {
    const size_t quote = literal.kind == LiteralKind::kString ? 1 : 0;
    const size_t start = static_cast<size_t>(literal.text.data - text.data);
    out.Set(at++, static_cast<double>(start - quote));
    out.Set(at++, static_cast<double>(start + literal.text.size + quote));
  }
  return out;
}

}  // namespace

void RegisterPlainText(Napi::Env env, Napi::Object exports) {
  exports.Set("literalSpans", Napi::Function::New(env, LiteralSpans));
}

}  // namespace ferrosa
