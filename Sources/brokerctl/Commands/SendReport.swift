/// Tells people what became of what was sent.
enum SendReport {
    /// What an answer of `POST /v1/send` says: a line for each message that went in, and for each that did not.
    static func lines(of answer: [UInt8]) -> (done: [String], refused: [String]) {
        guard let answer = JSONObject(answer) else { return ([], ["the answer is not a JSON object"]) }
        return lines(of: answer)
    }

    /// What the object of an answer, or a line of a batch's answer, says.
    static func lines(of answer: JSONObject) -> (done: [String], refused: [String]) {
        if let error = refusal(answer) {
            let parts = refusals(in: answer)
            return ([], parts.isEmpty ? ["\(error)"] : parts)
        }
        guard let results = answer.objects("results") else { return ([done(answer, to: nil)], []) }
        var lines: (done: [String], refused: [String]) = ([], [])
        for result in results {
            let recipient = TerminalText.escaped(result.string("recipient") ?? "?")
            if let error = refusal(result) {
                lines.refused.append("\(recipient): \(error)")
            } else {
                lines.done.append(done(result, to: recipient))
            }
        }
        return lines
    }

    /// A line for each recipient that an error lists, if it lists any.
    static func refusals(in answer: JSONObject) -> [String] {
        (answer.objects("results") ?? []).compactMap { result in
            refusal(result).map { "\(TerminalText.escaped(result.string("recipient") ?? "?")): \($0)" }
        }
    }

    private static func refusal(_ answer: JSONObject) -> Refusal? {
        guard let error = answer.object("error") else { return nil }
        return Refusal(code: error.string("code") ?? "unknown", detail: error.string("detail") ?? "")
    }

    private static func done(_ answer: JSONObject, to recipient: String?) -> String {
        var facts = ["online \(answer.integer("online") ?? 0)", "unread \(answer.integer("unread") ?? 0)"]
        if let evicted = answer.integer("evicted") { facts.append("dropped \(evicted) unread to make room") }
        if answer.isTrue("duplicate") { facts.append("a duplicate, sent before") }
        let target = recipient.map { " to \($0)" } ?? ""
        return "sent \(answer.string("id") ?? "?")\(target) (\(facts.joined(separator: ", ")))"
    }
}
