/// A random number generator whose numbers are the same for the same seed, on every machine.
///
/// PCG-XSH-RR 64/32 after M. E. O'Neill: small, and free of the patterns that a plain linear generator shows in its low
/// bits.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Makes a generator.
    package init(seed: UInt64) {
        state = seed &+ 0x1405_7B7E_F767_814F
        _ = next32()
    }

    package mutating func next() -> UInt64 {
        UInt64(next32()) << 32 | UInt64(next32())
    }

    private mutating func next32() -> UInt32 {
        let old = state
        state = old &* 6_364_136_223_846_793_005 &+ 0x1405_7B7E_F767_814F
        let mixed = UInt32(truncatingIfNeeded: ((old >> 18) ^ old) >> 27)
        let turn = UInt32(old >> 59)
        return mixed >> turn | mixed << ((~turn &+ 1) & 31)
    }

    /// A number of `range`, each as likely as the others.
    package mutating func number(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &self)
    }

    /// Whether something happens that happens so many times in a hundred.
    package mutating func chance(_ percent: Int) -> Bool {
        number(1...100) <= percent
    }

    /// One of `choices`, which must not be empty.
    package mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
        choices[number(0...choices.count - 1)]
    }
}
