// The .arch language for tree-sitter. grammars/arch.lark is the reference; tests/editors/test_tree_sitter.py compares
// both. The scanner in src/scanner.c decides which line breaks end a statement, whether `-` is a sign, and whether
// `scan` is a statement or the name of a layer. Unlike archdsl, this grammar reads `stack a b` as a merge even if the
// text defines a block `stack`.

// Merges that are ordinary names elsewhere, and at the start of a statement if a block has that name.
const MERGES = ["sub", "div", "maximum", "minimum", "stack", "matmul", "einsum"];
const list = (item, separator) => seq(item, repeat(seq(separator, item)));

module.exports = grammar({
  name: "arch",

  externals: ($) => [$._separator, $._sign, $._minus, $._scan],
  extras: ($) => [/[ \t\f\r\n\u00a0\ufeff]/, $.comment],
  word: ($) => $.name,
  supertypes: ($) => [$._statement, $._expression],
  inline: ($) => [$._target],
  conflicts: ($) => [[$.merge, $._block_name], [$.moe, $._block_name], [$._tensor, $._expression],
    [$.times, $._name_like_times]],

  rules: {
    program: ($) => seq(repeat($._separator), optional($._statements)),
    _statements: ($) => seq(list($._statement, repeat1($._separator)), repeat($._separator)),
    body: ($) => seq("{", repeat($._separator), optional($._statements), "}"),

    _statement: ($) =>
      choice(
        $.layer, $.net, $.use, $.input, $.output, $.block, $.stage, $.aux, $.train, $.figure, $.merge, $.residual, $.scan,
        $.moe, $.repeat, $.branch, $.let, $.from, $.reuse, $.assert,
      ),

    // --- definitions ---
    net: ($) => seq("net", field("name", $.name), optional($.parameters)),
    block: ($) => seq("block", field("name", $.name), optional($.parameters), field("body", $.body)),
    parameters: ($) => seq(choice("(", token.immediate("(")), optional(list($.parameter, ",")), ")"),
    parameter: ($) => seq(field("name", $.name), optional(seq("=", field("default", $._expression)))),
    use: ($) => seq("use", choice($.name, $.string)),
    stage: ($) => seq("stage", field("name", $.name), field("body", $.body)),
    aux: ($) => seq("aux", field("name", $.name), field("body", $.body)),
    train: ($) => seq("train", field("body", $.body)),
    figure: ($) => seq("figure", field("body", alias($._figure_body, $.body))),
    _figure_body: ($) =>
      seq("{", repeat($._separator), optional(seq(list(alias($._figure_line, $.layer), repeat1($._separator)),
        repeat($._separator))), "}"),
    // Every word after the first is a name, also one that is a keyword elsewhere.
    _figure_line: ($) =>
      seq(field("name", $.name), repeat(choice(alias($._figure_argument, $.named_argument), $.name, $.string))),
    _figure_argument: ($) => seq(field("name", $.name), "=", field("value", choice($.name, $.string))),

    // --- statements ---
    layer: ($) =>
      prec.right(seq(field("name", choice($.name, alias($._block_name, $.name))), repeat($._argument), optional($.times), optional($._aliases))),
    _block_name: (_) => prec.dynamic(-1, choice("moe", "figure", ...MERGES)),
    input: ($) => seq("input", repeat($._argument)),
    output: ($) => seq("output", list($._tensor, ",")),
    merge: ($) =>
      prec.right(seq(
        field("name", choice("add", "mul", "concat", ...MERGES)),
        repeat1(choice($.body, $._tensor, $.named_argument, $.string)),
        optional($.times),
        optional($._alias),
      )),
    residual: ($) =>
      seq(
        "residual",
        optional(seq("when", field("condition", $._expression))),
        field("body", $.body),
        optional(seq("shortcut", field("shortcut", $.body))),
        optional($.times),
        optional($._alias),
      ),
    scan: ($) => seq(alias($._scan, "scan"), $._carried, field("body", $.body), optional($._alias)),
    moe: ($) => seq("moe", repeat($._argument), field("body", $.body), optional($._alias)),
    repeat: ($) =>
      seq("repeat", field("count", $._expression), optional(seq("as", $._target)), optional($._carried),
        field("body", $.body), optional($._alias)),
    _carried: ($) => seq("carry", list($.carried, ",")),
    carried: ($) => seq(field("name", $.name), "=", field("value", $._expression)),
    branch: ($) => seq($._cases, optional($._alias)),
    _cases: ($) =>
      seq("if", field("condition", $._expression), field("body", $.body),
        optional(seq("else", choice(field("body", $.body), $._cases)))),
    let: ($) => seq("let", $._target, "=", field("value", $._expression)),
    from: ($) => seq("from", $._tensor),
    reuse: ($) => seq("reuse", field("name", $.name), optional($._alias)),
    assert: ($) => seq("assert", field("condition", $._expression)),

    _alias: ($) => seq("as", field("alias", $.name)),
    _aliases: ($) => seq("as", list(field("alias", $.name), ",")),
    _target: ($) => choice(field("target", $.name), $.targets),
    targets: ($) => seq("[", list(field("target", $.name), ","), "]"),
    _tensor: ($) => choice($.name, $.in, alias($._name_like_times, $.name)),
    in: (_) => "in",

    _argument: ($) => choice($.named_argument, $._expression),
    named_argument: ($) => seq(field("name", choice($.name, alias("from", $.name), alias($._name_like_times, $.name))), "=", field("value", $._expression)),

    // --- expressions ---
    _expression: ($) =>
      choice(
        $.number, $.size, $.string, $.name, $.in, $.at, $.choice, $.binary, $.unary, $.call, $.group, $.computed_size,
        $.index, $.slice, $.list, $.comprehension, alias($._name_like_times, $.name),
      ),
    // `x2` is a name if a tensor or variable has this name; at the end of a statement it is read as a repetition.
    _name_like_times: ($) => prec.dynamic(-1, $._times_word),
    choice: ($) =>
      prec.right(0, seq(field("yes", $._expression), "if", field("condition", $._expression), "else",
        field("no", $._expression))),
    binary: ($) =>
      choice(
        ...[
          [1, "or"], [2, "and"], [4, choice("==", "!=", "<=", ">=", "<", ">")], [5, choice("+", $._minus)],
          [6, choice("*", "/", "//", "%")],
        ].map(([level, operator]) =>
          prec.left(level, seq($._expression, field("operator", operator), $._expression)),
        ),
        prec.right(8, seq($._expression, field("operator", "**"), $._expression)),
      ),
    unary: ($) => choice(prec(3, seq("not", $._expression)), prec(7, seq($._sign, $._expression))),
    call: ($) =>
      prec(10, seq(field("function", $.name), token.immediate("("), optional(list($._expression, ",")), ")")),
    group: ($) => seq("(", $._expression, ")"),
    computed_size: ($) =>
      prec.right(9, choice(
        seq(token(prec(3, /(([0-9]+|[A-Z][0-9]*)x)+\(/)), $._expression, ")", repeat($._more)),
        seq("(", $._expression, ")", repeat1($._more)),
      )),
    _more: ($) =>
      choice(
        seq(token.immediate(prec(3, /(x([0-9]+|[A-Z][0-9]*))*x\(/)), $._expression, ")"),
        token.immediate(prec(2, /(x([0-9]+|[A-Z][0-9]*))+/)),
      ),
    index: ($) => prec(10, seq($._expression, token.immediate("["), $._expression, "]")),
    slice: ($) =>
      prec(10, seq($._expression, token.immediate("["), optional($._expression), ":", optional($._expression), "]")),
    list: ($) => seq("[", optional(seq(list($._expression, ","), optional(","))), "]"),
    comprehension: ($) => seq("[", $._expression, "for", $._target, "in", $._expression, "]"),
    at: ($) =>
      prec(10, choice(/@[A-Za-z0-9_]*/, seq($._tensor, token.immediate(/@[A-Za-z0-9_]*/)))),

    // --- tokens ---
    times: ($) => $._times_word,
    _times_word: (_) => token(prec(2, /x[0-9]+/)),
    number: (_) => /[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?[KMG]?/,
    size: (_) => token(prec(2, /([0-9]+|[A-Z][0-9]*)(x([0-9]+|[A-Z][0-9]*))+/)),
    string: (_) => /"[^"\n]*"/,
    name: (_) => /[A-Za-z_][A-Za-z0-9_]*/,
    comment: (_) => token(/#[^\n]*/),
  },
});
