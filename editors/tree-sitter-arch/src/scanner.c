// The tokens of .arch that depend on the text around them. No state: each is decided by a look ahead.

#include "tree_sitter/parser.h"

#include <string.h>
#include <wctype.h>

enum Token { SEPARATOR, SIGN, MINUS, SCAN };

void *tree_sitter_arch_external_scanner_create(void) { return NULL; }
void tree_sitter_arch_external_scanner_destroy(void *payload) {}
unsigned tree_sitter_arch_external_scanner_serialize(void *payload, char *buffer) { return 0; }
void tree_sitter_arch_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {}

static bool is_blank(int32_t c) { return c == ' ' || c == '\t' || c == '\f' || c == '\r' || c == 0xa0 || c == 0xfeff; }

static bool is_word(int32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Reads a word; whether it is the expected one.
static bool read_word(TSLexer *lexer, const char *expected) {
  size_t length = 0;
  bool same = true;
  for (; is_word(lexer->lookahead); lexer->advance(lexer, false), length++) {
    same = same && length < strlen(expected) && lexer->lookahead == expected[length];
  }
  return same && length == strlen(expected);
}

// Whether the statement goes on after a line break: the next token is `{`, `shortcut` or `else`.
static bool goes_on(TSLexer *lexer) {
  for (;;) {
    if (is_blank(lexer->lookahead) || lexer->lookahead == '\n') {
      lexer->advance(lexer, false);
    } else if (lexer->lookahead == '#') {
      while (lexer->lookahead != '\n' && !lexer->eof(lexer)) lexer->advance(lexer, false);
    } else {
      break;
    }
  }
  switch (lexer->lookahead) {
    case '{': return true;
    case 's': return read_word(lexer, "shortcut");
    case 'e': return read_word(lexer, "else");
    default: return false;
  }
}

// A minus sign is a sign after a blank or where no value precedes, if no blank follows it; otherwise it subtracts.
static bool scan_minus(TSLexer *lexer, const bool *valid, bool after_blank) {
  lexer->advance(lexer, false);
  lexer->mark_end(lexer);
  bool before_value = is_word(lexer->lookahead) || lexer->lookahead == '(' || lexer->lookahead == '@' ||
                      lexer->lookahead == '.';
  bool sign = valid[SIGN] && (!valid[MINUS] || (after_blank && before_value));
  lexer->result_symbol = sign ? SIGN : MINUS;
  return sign || valid[MINUS];
}

bool tree_sitter_arch_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
  bool recovers = valid[SEPARATOR] && valid[SIGN] && valid[MINUS] && valid[SCAN];
  bool after_blank = false;
  while (is_blank(lexer->lookahead) || (lexer->lookahead == '\n' && !valid[SEPARATOR])) {
    after_blank = true;
    lexer->advance(lexer, true);
  }
  if (valid[SEPARATOR] && lexer->lookahead == ';') {
    lexer->advance(lexer, false);
    lexer->result_symbol = SEPARATOR;
    return true;
  }
  if (valid[SEPARATOR] && lexer->lookahead == '\n') {
    lexer->advance(lexer, false);
    lexer->mark_end(lexer);
    lexer->result_symbol = SEPARATOR;
    return !goes_on(lexer);
  }
  if (recovers) return false;
  if (lexer->lookahead == '-' && (valid[SIGN] || valid[MINUS])) return scan_minus(lexer, valid, after_blank);
  if (valid[SCAN] && lexer->lookahead == 's' && read_word(lexer, "scan")) {
    lexer->mark_end(lexer);
    lexer->result_symbol = SCAN;
    while (is_blank(lexer->lookahead)) lexer->advance(lexer, false);
    return read_word(lexer, "carry");
  }
  return false;
}
