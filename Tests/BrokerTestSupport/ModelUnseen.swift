/// The messages that were dropped before anybody had seen them, and that no follower has been told of.
struct ModelUnseen {
    /// Those of which the number is known.
    var numbers: Set<UInt64> = []
    /// Of the others, between which numbers they are, and how many.
    var blurred: [(range: ClosedRange<UInt64>, count: Int)] = []

    var count: Int { blurred.reduce(numbers.count) { $0 + $1.count } }

    /// Takes out all behind `start`, up to `end`; what is blurred only as a whole.
    mutating func take(after start: UInt64, through end: UInt64) -> ModelUnseen {
        var taken = ModelUnseen()
        taken.numbers = numbers.filter { $0 > start && $0 <= end }
        numbers.subtract(taken.numbers)
        taken.blurred = blurred.filter { $0.range.lowerBound > start && $0.range.upperBound <= end }
        blurred.removeAll { $0.range.lowerBound > start && $0.range.upperBound <= end }
        return taken
    }

    /// Puts back what was taken out.
    mutating func add(_ others: ModelUnseen) {
        numbers.formUnion(others.numbers)
        let all = blurred + others.blurred
        blurred = []
        for each in all { add(each) }
    }

    /// Puts back something blurred, together with all that is known between its numbers.
    private mutating func add(_ other: (range: ClosedRange<UInt64>, count: Int)) {
        var sum = other
        while let place = blurred.firstIndex(where: { $0.range.overlaps(sum.range) }) {
            let next = blurred.remove(at: place)
            let lower = min(next.range.lowerBound, sum.range.lowerBound)
            sum = (lower...max(next.range.upperBound, sum.range.upperBound), sum.count + next.count)
        }
        let inside = numbers.filter(sum.range.contains)
        numbers.subtract(inside)
        sum.count += inside.count
        if sum.count == sum.range.count { numbers.formUnion(sum.range) } else { blurred.append(sum) }
    }

    /// Forgets which they are, but for how many and between which numbers.
    mutating func blur() {
        let bounds = Array(numbers) + blurred.flatMap { [$0.range.lowerBound, $0.range.upperBound] }
        guard let first = bounds.min(), let last = bounds.max() else { return }
        let count = count
        self = ModelUnseen()
        add((first...last, count))
    }
}
