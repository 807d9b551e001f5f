/// Finds what somebody may have meant by a word that does not exist.
enum Suggestion {
    /// The candidate that is nearest to `word`, if one is near; of several, the first.
    ///
    /// Near is: at most a third of the letters differ, or the word is the beginning of the candidate.
    static func best(for word: String, among candidates: [String]) -> String? {
        let word = word.lowercased()
        guard word.count > 1 else { return nil }
        let limit = max(1, word.count / 3)
        let near = candidates.map { (name: $0, distance: distance(word, $0.lowercased())) }
            .filter { $0.distance <= limit }
            .min { $0.distance < $1.distance }
        return near?.name ?? candidates.first { word.count > 2 && $0.hasPrefix(word) }
    }

    /// How many letters have to be put in, taken out, replaced, or swapped with their neighbour.
    ///
    /// - Complexity: O(n·m) time, O(m) memory.
    static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left), Array(right))
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var best = min(last[column + 1] + 1, current[column] + 1, last[column] + (letter == other ? 0 : 1))
                if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
