/// Cursors as the client sees them: `EPOCH.SEQUENCE` for each recipient, joined by `~`.
enum CursorText {
    /// Which recipients' inboxes have begun another life between two cursors of the same request.
    ///
    /// - Returns: Their places in the request; none if either cursor tells no positions.
    static func begunAnew(from old: String, to new: String) -> [Int] {
        let (old, new) = (epochs(old), epochs(new))
        guard old.count == new.count else { return [] }
        return old.indices.filter { old[$0] != new[$0] }
    }

    private static func epochs(_ cursor: String) -> [Substring] {
        let parts = cursor.split(separator: "~", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ $0.contains(".") }) else { return [] }
        return parts.map { $0.prefix { $0 != "." } }
    }
}
