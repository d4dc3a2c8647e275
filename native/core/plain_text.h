// native/core/plain_text.h: statements that come as text with their values in it, as far as the hot path runs them. A text is cut into
// its literals and what is left of it, its skeleton; statements of one skeleton differ by their values only, and one plan runs them.
#pragma once
#include <cstdint>
#include <vector>

#include "bytes.h"
#include "descriptor.h"

namespace ferrosa {

struct HotPlan;

enum class LiteralKind : uint8_t { kMarker, kString, kInteger, kFloat, kUuid, kHex, kBoolean };
struct Literal {
  LiteralKind kind;
  Slice text;  // as written; of a string: what is between its quotes, with quotes in it still doubled
};

// Stands for a literal in a skeleton. No text outside of quotes has it.
inline constexpr uint8_t kLiteralByte = 0x01;

struct PlainText {
  std::vector<uint8_t> skeleton;
  std::vector<Literal> literals;  // pointing into the text
};

// Cuts a text at its literals. False for a text with anything that takes more than a look: comments, durations, `$$` strings, named
// markers, signs that are no token. The tokens are those of src/cql/lexer.ts, which is asked by a test whether both agree.
bool ScanPlainText(Slice text, PlainText* out);

// Appends `text` as a value of the type, with its length before it as in the values of an EXECUTE. False when the literal is none of
// that type, or of a type whose text is JavaScript's to read.
bool AppendLiteral(const Literal& literal, TypeKind type, std::vector<uint8_t>* out);

// Appends what an EXECUTE of the plan has behind its ids. `options`: what a QUERY has behind its text; its values are those of the markers.
// False: leave it to JavaScript. The result metadata is always asked for.
bool AppendExecuteOptions(const HotPlan& plan, uint8_t version, const PlainText& text, Slice options, std::vector<uint8_t>* out);

}  // namespace ferrosa
