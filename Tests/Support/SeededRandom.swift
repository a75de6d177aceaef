/// SplitMix64: a failing test is reproduced by its seed alone, on every platform.
///
/// The helpers do not use `Int.random(in:using:)`, whose sequence is the standard library's to
/// change.
package struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number of the range; the slight bias of the remainder does not matter to a test.
    package mutating func number(in range: ClosedRange<Int>) -> Int {
        let width = UInt64(range.upperBound - range.lowerBound) + 1
        return range.lowerBound + Int(next() % width)
    }

    /// True once in `odds` times.
    package mutating func oneIn(_ odds: Int) -> Bool {
        number(in: 1...odds) == 1
    }

    package mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[number(in: 0...choices.count - 1)]
    }

    /// One of the choices, each as likely as its weight says.
    package mutating func pick<Element>(weighted choices: [(weight: Int, Element)]) -> Element {
        var ticket = number(in: 1...choices.reduce(0) { $0 + $1.weight })
        for (weight, choice) in choices {
            ticket -= weight
            if ticket <= 0 { return choice }
        }
        preconditionFailure("the ticket is within the sum of the weights")
    }
}
