extension HeadParser {
    /// Reads on in the header fields; returns whether it is behind the empty line that ends them.
    @inline(__always)
    func readFields(
        _ bytes: Span<UInt8>,
        from position: inout Int,
        _ now: inout Progress,
        _ head: inout RequestHead
    ) throws(RequestRefusal) -> Bool {
        let count = bytes.count
        let boundary = Int(now.boundary)
        let end = min(count, boundary)
        reading: while position < count {
            switch now.state {
            case .lineStart:
                switch bytes[position] {
                case 0x0D:
                    position += 1
                    now.state = .endLineFeed
                    continue reading
                case 0x20, 0x09:
                    throw .invalid("a header line begins with a blank, at byte \(position); do not fold header fields")
                default:
                    guard now.fieldCount < headerFieldsMax else {
                        throw .tooMany(headerFieldsMax: Int(headerFieldsMax))
                    }
                    now.fieldCount += 1
                    now.lineStart = Int32(truncatingIfNeeded: position)
                    now.state = .fieldName
                }

            case .fieldName:
                position = bytes.skip(.token, from: position, to: end)
                guard position < count else { break reading }
                guard position < boundary else { throw .tooLarge(headerBytesMax: Int(headerBytesMax)) }
                guard bytes[position] == 0x3A, position > now.lineStart else {
                    throw refusedFieldName(bytes[position], at: position, now)
                }
                now.nameEnd = Int32(truncatingIfNeeded: position)
                position += 1
                now.state = .fieldValue

            case .fieldValue:
                position = bytes.skipFieldText(from: position, to: end)
                guard position < count else { break reading }
                guard bytes[position] == 0x0D else {
                    guard position < boundary else { throw .tooLarge(headerBytesMax: Int(headerBytesMax)) }
                    throw .unexpected(bytes[position], in: "the value of a header field", at: position)
                }
                position += 1
                now.state = .fieldLineFeed

            case .fieldLineFeed:
                guard bytes[position] == 0x0A else {
                    throw .unexpected(0x0D, in: "the value of a header field", at: position - 1)
                }
                position += 1
                try acceptField(bytes, &now, endingAt: position - 2, &head)
                now.state = .lineStart

            case .endLineFeed:
                guard bytes[position] == 0x0A else {
                    throw .unexpected(0x0D, in: "the header", at: position - 1)
                }
                try finishHead(now, &head)
                head.byteCount = position + 1
                return true

            default:
                preconditionFailure("fields in state \(now.state)")
            }
        }
        return false
    }

    @inline(never)
    func refusedFieldName(_ byte: UInt8, at position: Int, _ now: Progress) -> RequestRefusal {
        switch byte {
        case 0x3A:
            .invalid("a header line begins with ':', at byte \(position); put a name in front of it")
        case 0x20, 0x09:
            .invalid(
                "a blank in front of the ':' of a header field, at byte \(position); put the ':' right behind the name"
            )
        case 0x0D:
            .invalid("a header line without ':', at byte \(position); write 'Name: value'")
        default:
            .unexpected(byte, in: "the name of a header field", at: position)
        }
    }
}
