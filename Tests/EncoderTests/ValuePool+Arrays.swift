import SluiceTestSupport

extension ValuePool {
    static let arrays = (integers + floats + numerics + truths + times + texts + documents + others)
        .filter { $0.sqlType != "bytea" && !$0.sqlType.hasPrefix("pg_temp.") }
        .map(array(of:))

    private static func array(of element: ValuePool) -> ValuePool {
        var pool = ValuePool(
            element.sqlType + "[]",
            odd: oddArrays
                + element.odd.flatMap { ["{\($0)}", written([$0, "1"])] },
            alphabet: "{}\",\\ 1a" + element.alphabet.joined()
        ) { random, isUTC in
            let count = random.pick([0, 1, 1, 2, 3, 10])
            return written((0..<count).map { _ in element.plain(&random, isUTC) })
        }
        pool.leastPiece = 65_536
        return pool
    }

    /// As the server writes an array of one dimension.
    private static func written(_ elements: [String]) -> String {
        "{" + elements.map(quoted).joined(separator: ",") + "}"
    }

    private static func quoted(_ element: String) -> String {
        let special = "\"\\{}, \t\n\r\u{B}\u{C}".unicodeScalars
        guard
            element.isEmpty || element.lowercased() == "null"
                || element.unicodeScalars.contains(where: special.contains)
        else { return element }
        var quoted = "\""
        for scalar in element.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { quoted += "\\" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }

    private static let oddArrays = [
        "{}", "{ }", " {}", "{} ", "{{}}", "{{},{}}", "{,}", "{1,}", "{,1}", "{1,,2}", "{1", "1}",
        "{NULL}", "{null,1}", "{1,Null}", "{\"NULL\"}", "{NULLS}", "{ NULL }", "{ 1 , 1 }",
        "{\t1\n}", "{1 1}", "{\"1\"}", "{\"1\" }", "{ \"1\"}", "{\"1\"1}", "{1\"1\"}",
        "{\"1\"\"1\"}",
        "{\"1}", "{1\"}", "{\"", "{\"}", "{\\}", "{\\1}", "{\"\\1\"}", "{\"1\\\"}", "{\"\\\"}",
        "{\"\"}", "{\"\",\"\"}", "{1}{1}", "{1}1", "1{1}", "{{1,1},{1,1}}", "{{1},{1,1}}",
        "{{1},1}", "{1,{1}}", "[1:1]={1}", "[0:1]={1,1}", "[1]={1}", "[2:1]={}", "[1:2]={1}",
        "[-1:0]={1,1}", "{1;1}", "{é}", "{\u{A0}1}", "{\u{B}1}", "{\"\u{B}\"}", "{(1)}", "{'1'}",
        "{" + String(repeating: "1,", count: 2_000) + "1}",
        String(repeating: "{", count: 7) + "1" + String(repeating: "}", count: 7),
    ]
}
