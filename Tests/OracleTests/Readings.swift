import SluiceTestSupport

extension Reading {
    static let recoveryTable = [
        Reading(
            "a quote opened and closed as a field's start recovers the lines between",
            "1,\"x,2\n3,y,4\n5,\"z\",6\n7,w,8", width: 3,
            ["reject 1", "load 3", "load 5", "load 7"]),
        Reading(
            "a quote open at the end of the input recovers the lines behind it",
            "1,a\n2,\"b\n3,c", width: 2, ["load 1", "reject 2", "load 3"]),
        Reading(
            "a multi-line field with text behind its quote is one reject",
            "1,\"see\n2,b\n3,c\"x\n4,d", width: 2, ["reject 1-3", "load 4"]),
        Reading(
            "a real multi-line field behind an open quote is loaded",
            "1,\"x\n2,a\n3,\"multi\nline two\"\n4,d", width: 2,
            ["reject 1", "load 2", "load 3", "load 4"]),
        Reading(
            "two open quotes reject two lines",
            "1,\"x\n2,a\n3,\"y\n4,d", width: 2, ["reject 1", "load 2", "reject 3", "load 4"]),
        Reading(
            "text behind a quote does not end the record at its line",
            "\"a\"x,\"multi\nline2,c\"\n3,d", width: 2, ["reject 1-2", "load 3"]),
        Reading(
            "the open quote's own line is the last rejected",
            "1,\"two\nlines\",\"stray\n4,b,c", width: 3, ["reject 1-2", "load 4"]),
        Reading(
            "with one column nothing is recovered",
            "\"abc\ndef\nghi", width: 1, ["reject 1-3"]),
        Reading("a blank line is clean", "1,\"x\n\n2,b", width: 2, ["reject 1", "load 2"]),
        Reading(
            "two open quotes that pair up are a field, as for COPY",
            "1,\"\n2,\"\n3,c", width: 2, ["load 1", "load 3"]),
        Reading(
            "a quoted field over lines is one row",
            "5,\"wide,3\n6,a,b\n9,12\",4", width: 3, ["load 5"]),
        Reading(
            "a quoted field over lines in a record of another width is one reject",
            "5,\"wide,3\n6,a,b\n9,12\",4", width: 4, ["reject 1-3"]),
    ]

    static let lines = [
        Reading("an empty input has no records", "", width: 2, []),
        Reading(
            "a byte order mark is no data", "\u{FEFF}1,a\n\"x\",b", width: 2,
            ["load 1", "2: ['x'|b]"]),
        Reading(
            "skipped lines know no quotes", "say \"hi\n1,a\n", width: 2,
            dialect: .init(skipLines: 1),
            ["load 1"]),
        Reading(
            "the header is the first record behind skipped, blank and comment lines",
            "x\n\n# no, header\n\"a\nb\",c\n1,2\n", width: 2,
            dialect: .init(comment: 0x23, skipLines: 1, hasHeader: true),
            ["header [\"a⏎b\", \"c\"]", "load 1"]),
        Reading(
            "a malformed header ends the reading", "a,\"b\"x\n1,2\n", width: 2,
            dialect: .init(hasHeader: true), ["header fault 1"]),
        Reading("blank lines are passed over", "1,a\n\n\r\n2,b\n", width: 2, ["load 1", "load 2"]),
        Reading(
            "in a file of width 1 a blank line behind the header is a record",
            "\nh\n1\n\n2\n", width: 1, dialect: .init(hasHeader: true),
            ["header [\"h\"]", "load 1", "4: []", "load 2"]),
        Reading("blanks make a record", " \n1\n", width: 1, ["1: [ ]", "load 1"]),
        Reading(
            "a comment is a physical line", "1,a\n#\"x,\ry\n2,b\n\"\n#c\",d", width: 2,
            dialect: .init(comment: 0x23), ["load 1", "load 2", "4: ['⏎#c'|d]"]),
        Reading(
            "LF, CRLF and CR CR LF may be mixed", "1,a\n2,b\r\n3,c\r\r\n4,d\r", width: 2,
            ["load 1", "load 2", "load 3", "load 4"]),
        Reading(
            "if the first is a lone CR, all end records", "1,a\r2,b\n3,c\r\n4,\"\r\"\r\r6,f",
            width: 2,
            ["load 1", "load 2", "load 3", "load 4", "load 6"]),
        Reading(
            "a CR inside quotes does not decide", "1,\"\r\"\n2,b\rx\n3,c", width: 2,
            ["load 1", "reject 2", "load 3"]),
        Reading(
            "a lone CR rejects up to the next LF", "1,a\n\"x\ny\",\rb\",c\n2,b", width: 2,
            ["load 1", "reject 2-3", "load 2"]),
        Reading(
            "CR CR without LF is a lone CR", "1,a\n2,b\r\r3,c\n4,d", width: 2,
            ["load 1", "reject 2", "load 4"]),
        Reading(
            "0x1A at the start of a last line is dropped", "1,a\n\u{1A}", width: 2, ["load 1"]),
        Reading(
            "0x1A elsewhere is data", "1\n2\u{1A}", width: 1, ["load 1", "2: [2\u{1A}]"]),
        Reading(
            "0x1A behind a CR that ends no line is data", "1\n2\r\u{1A}", width: 1,
            ["load 1", "reject 2"]),
        Reading("a line \\. is data", "1\n\\.\n2\n", width: 1, ["load 1", "2: [\\.]", "load 2"]),
    ]

    static let quoting = [
        Reading(
            "standard: a quote inside an unquoted field is text", "x,5\" pipe\n1,\"\"\n", width: 2,
            ["1: [x|5\" pipe]", "load 1"]),
        Reading(
            "standard: a doubled quote is one, an empty quoted field is quoted",
            "a,\"b\"\"c\",\"\",\n", width: 4, ["1: [a|'b\"c'|''|]"]),
        Reading(
            "standard: an escape takes quote or escape, else it is data",
            "a,\"\\\"\\\\\\n\"\"\",\\\n", width: 3, dialect: .init(escape: 0x5C),
            ["1: [a|'\"\\\\n\"'|\\]"]),
        Reading(
            "lenient: a quote closes only before a delimiter or an end",
            "\"say \"hi\" now\",3\n \"x\"\t ,\"y\" \na \"b\" ,\"c\"\"\"", width: 2,
            dialect: .init(quoting: .lenient),
            ["1: ['say \"hi\" now'|3]", "2: ['x'|'y']", "3: [a \"b\" |'c\"']"]),
        Reading(
            "lenient: a doubled quote comes before a closing one", "\"a\"\",\"\n", width: 1,
            dialect: .init(quoting: .lenient), ["1: ['a\",']"]),
        Reading(
            "lenient: a quote before a CR that ends no line is text", "1,a\n\"x\" \ry\",b\n",
            width: 2, dialect: .init(quoting: .lenient), ["load 1", "2: ['x\" ␍y'|b]"]),
        Reading(
            "lenient: an open quote is one reject to the end of the input",
            "1,a\n2,\"b\n3,c\n", width: 2, dialect: .init(quoting: .lenient),
            ["load 1", "reject 2-3"]),
        Reading(
            "copy: quotes toggle anywhere", "a\"b,\"c,x\"\"\"\"\ny,\"\"z\"\"\n", width: 2,
            dialect: .init(quoting: .copy), ["1: ['ab,c'|'x\"']", "2: [y|'z']"]),
        Reading(
            "copy: with another escape a doubled quote toggles twice",
            "\"a\"\"b\",\\\"\\\"\"\n", width: 2, dialect: .init(escape: 0x5C, quoting: .copy),
            ["1: ['ab'|'\\\"']"]),
        Reading(
            "none: only delimiters and line ends", "\"a,b\"\n1,2\r3\n4,5", width: 2,
            dialect: .init(quoting: .none), ["1: [\"a|b\"]", "reject 2", "load 4"]),
    ]

    static let limits = [
        Reading(
            "a record of just the limit is read", "1,abc\n22,abc\n333,abc\n", width: 2,
            dialect: .init(maxRecordBytes: 6), ["load 1", "load 22", "reject 3 omitted"]),
        Reading(
            "outside quotes the record goes to the next line end",
            "\"a\nb\",cdefghij,\"k\nl\",m\n", width: 2, dialect: .init(maxRecordBytes: 8),
            ["reject 1-2 omitted", "3: [l\"|m]"]),
        Reading(
            "inside quotes without a whole line it goes to the next line end",
            "1,\"abcdefgh\n2,b\n", width: 2, dialect: .init(maxRecordBytes: 8),
            ["reject 1 omitted", "load 2"]),
        Reading(
            "inside quotes the last whole line held is the end",
            "1,\"a\n2,b\n3,c\n4,d\n", width: 2, dialect: .init(maxRecordBytes: 11),
            ["reject 1", "load 2", "load 3", "load 4"]),
        Reading(
            "inside quotes a line that is not clean is rejected with it",
            "1,\"a\n2\n3,c\n4,d\n", width: 2, dialect: .init(maxRecordBytes: 10),
            ["reject 1-2", "load 3", "load 4"]),
        Reading(
            "the open quote's line may be longer than what is held",
            "\"a\nb\",\"cdefghijkl\n2,b\n", width: 2, dialect: .init(maxRecordBytes: 8),
            ["reject 1", "reject 2 omitted", "load 2"]),
        Reading(
            "lenient rejects the lines held", "1,\"a\n2,b\n3,c\n4,d\n", width: 2,
            dialect: .init(quoting: .lenient, maxRecordBytes: 11),
            ["reject 1-2", "load 3", "load 4"]),
    ]

    static let faults = [
        Reading(
            "width", "1,a\n2\n3,\"b\n\",c\n", width: 2,
            ["load 1", "width(found: 1) at 2", "width(found: 3) at 3", "passed 0, recovered 0"]),
        Reading(
            "the line where the quote opened", "1,\"a\n\",\"b\nc\"x\n\n2,\"c\n3,d\n\n", width: 3,
            ["textAfterQuote at 2", "unclosedQuote at 5", "passed 1, recovered 0"]),
        Reading(
            "the line where the CR stands", "1,a\n\"x\ny\",\rb\n", width: 2,
            ["load 1", "loneCarriageReturn at 3", "passed 0, recovered 0"]),
        Reading(
            "what recovery delivered is counted, without blank and comment lines",
            "1,\"a\n2,b\n\n#\n3,c\n4,\"d\"\n", width: 2, dialect: .init(comment: 0x23),
            ["textAfterQuote at 1", "load 2", "load 3", "load 4", "passed 2, recovered 2"]),
        Reading(
            "a record too long outside quotes", "12345678\n1\n", width: 1,
            dialect: .init(maxRecordBytes: 4),
            ["tooLong at 1, omitted", "load 1", "passed 0, recovered 0"]),
        Reading(
            "the first fault names the record", "\"a\"x,\"b\n2,c\n", width: 2,
            ["textAfterQuote at 1", "load 2", "passed 0, recovered 1"]),
    ]
}
