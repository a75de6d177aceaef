/// `1180000` as `1,180,000`.
package func grouped(_ number: Int) -> String {
    let digits = Array(String(number.magnitude))
    var text = number < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index).isMultiple(of: 3) { text += "," }
        text.append(digit)
    }
    return text
}

/// `1 row`, `1,180,000 rows`.
package func counted(_ number: Int, _ unit: String) -> String {
    "\(grouped(number)) \(unit)\(number == 1 ? "" : "s")"
}

/// A size for people, to one decimal: `94.2 MB`. As in PostgreSQL, a kB has 1,024 bytes.
package func approximateSize(_ bytes: Double) -> String {
    var value = bytes
    var units = ["kB", "MB", "GB", "TB"][...]
    var unit = "B"
    // What would be rounded to 1024.0 belongs to the next unit.
    while value >= (unit == "B" ? 1024 : 1023.95), let next = units.popFirst() {
        value /= 1024
        unit = next
    }
    return unit == "B" ? "\(Int(value)) B" : "\(decimal(value, digits: 1)) \(unit)"
}

/// A size as a flag takes it, in the largest unit that divides it: `16MB`, `1073741823B`.
package func exactSize(_ bytes: Int) -> String {
    let units = [("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)]
    let unit = units.first { bytes > 0 && bytes.isMultiple(of: $0.1) } ?? ("B", 1)
    return "\(bytes / unit.1)\(unit.0)"
}

/// `number` with `digits` decimals.
package func decimal(_ number: Double, digits: Int) -> String {
    var factor = 1
    for _ in 0..<digits { factor *= 10 }
    let units = Int((number.magnitude * Double(factor)).rounded())
    let fraction = String(units % factor)
    let zeros = String(repeating: "0", count: digits - fraction.count)
    return "\(number < 0 && units > 0 ? "-" : "")\(units / factor).\(zeros)\(fraction)"
}

/// A time on a clock's face: `00:12`, `1:02:03`.
package func clock(_ duration: Duration) -> String {
    let seconds = max(0, Int(duration.components.seconds))
    let minutes = seconds / 60
    func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
    let face = "\(padded(minutes % 60)):\(padded(seconds % 60))"
    return minutes < 60 ? face : "\(minutes / 60):\(face)"
}

/// A time for people: `0.41 s`, `12.3 s`, `2 min 5 s`, `1 h 2 min`.
package func approximateTime(_ duration: Duration) -> String {
    let seconds = duration / .seconds(1)
    if seconds < 9.995 { return "\(decimal(seconds, digits: 2)) s" }
    if seconds < 59.95 { return "\(decimal(seconds, digits: 1)) s" }
    let whole = Int(seconds.rounded())
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole / 60 % 60) min"
}

/// The text in one line that no terminal takes for a command: control characters are shown.
package func printable(_ text: String) -> String {
    var shown = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\n": shown += "\\n"
        case "\r": shown += "\\r"
        case "\t": shown += "\t"
        case "\0"..<" ", "\u{7F}"..<"\u{A0}":
            shown += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        default: shown.unicodeScalars.append(scalar)
        }
    }
    return shown
}
