/// The key that the header `Idempotency-Key` gives.
enum IdempotencyKey {
    /// The text of a value of printable ASCII: what stands in the quotes of a string as RFC 8941 writes it (§3.3.3),
    /// anything else as it is.
    ///
    /// So `"a"`, as the draft of that header has it, is the same key as the field `"key":"a"`, and as a bare `a`.
    static func text(_ value: UnsafeBufferPointer<UInt8>) -> String {
        String(decoding: unquoted(value) ?? Array(value), as: UTF8.self)
    }

    /// What a quoted string holds; nil if it is none.
    private static func unquoted(_ value: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        let (quote, backslash) = (UInt8(ascii: "\""), UInt8(ascii: "\\"))
        guard value.count >= 2, value.first == quote, value.last == quote else { return nil }
        var text: [UInt8] = []
        var isEscaped = false
        for byte in value.dropFirst().dropLast() {
            if isEscaped {
                guard byte == quote || byte == backslash else { return nil }
            } else if byte == quote {
                return nil
            } else if byte == backslash {
                isEscaped = true
                continue
            }
            isEscaped = false
            text.append(byte)
        }
        return isEscaped ? nil : text
    }
}
