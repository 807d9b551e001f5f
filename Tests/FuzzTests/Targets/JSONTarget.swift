import Foundation
import HTTPFront

/// One JSON text, read by our scanners and by Foundation: the same texts are accepted, and the same values come out.
///
/// Where the two may differ, and why:
/// - halves of surrogate pairs (`\ud800`) are kept as they came here, and refused there;
/// - numbers beyond the range of `Double` are text here and refused there;
/// - 128 levels of nesting are the limit here, 512 there;
/// - a comma in front of a closing bracket is refused here and skipped there;
/// - byte order marks at the beginning of a string, or behind an escape in it, are kept here and dropped there;
/// - a byte order mark in front of the text, and UTF-16 or UTF-32, which Foundation guesses from NUL bytes, are refused here.
enum JSONTarget {
    static func run(_ bytes: [UInt8]) throws {
        let tree: JSONTree?
        do throws(JSONError) {
            tree = try JSONTree(reading: bytes)
        } catch {
            tree = nil
        }
        try compareScanners(bytes, isAccepted: tree != nil)
        let foreign = foundationValue(bytes)
        guard let tree else {
            try expect(foreign == nil || isKnownLeniency(bytes), "refused here, accepted by Foundation")
            return
        }
        try compareCompacted(bytes, foreign)
        guard let foreign else {
            try expect(tree.isBeyondFoundation, "accepted here, refused by Foundation")
            return
        }
        try expect(tree.isSame(as: foreign), "another value than Foundation's: \(tree) and \(foreign)")
    }

    private static func foundationValue(_ bytes: [UInt8]) -> Any? {
        try? JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed])
    }

    private static func isKnownLeniency(_ bytes: [UInt8]) -> Bool {
        guard !bytes.contains(0), !bytes.starts(with: [0xEF, 0xBB, 0xBF]) else { return true }
        guard !bytes.starts(with: [0xFE, 0xFF]), !bytes.starts(with: [0xFF, 0xFE]) else { return true }
        var depth = 0
        var previous: UInt8 = 0
        for byte in bytes where ![0x20, 0x09, 0x0A, 0x0D].contains(byte) {
            switch byte {
            case 0x5B, 0x7B: depth += 1
            case 0x5D, 0x7D:
                if previous == 0x2C { return true }
                depth -= 1
            default: break
            }
            if depth > 128 { return true }
            previous = byte
        }
        return false
    }

    /// The scanner of objects, which bodies go through, must agree with that of arrays.
    private static func compareScanners(_ bytes: [UInt8], isAccepted: Bool) throws {
        guard bytes.first == 0x7B else { return }
        let isObject = withExactCopy(of: bytes[...]) { buffer in
            // The object itself is a level.
            var scanner = JSONObjectScanner(range: ByteRange(0, buffer.count), depthMax: 127)
            do throws(JSONError) {
                while try scanner.next(in: buffer.span) != nil {}
                return true
            } catch {
                return false
            }
        }
        try expect(isObject == isAccepted, "the scanners of objects and of arrays disagree")
    }

    /// The text without white space must be the same to Foundation, have the length foretold, and be stable.
    private static func compareCompacted(_ bytes: [UInt8], _ foreign: Any?) throws {
        guard let compacted = JSONTree.compacted(bytes) else { throw FuzzFinding("not compacted") }
        try expect(JSONTree.compacted(compacted) == compacted, "compacting twice makes another text")
        guard let foreign = foreign as? NSObject else { return }
        let again = foundationValue(compacted) as? NSObject
        try expect(again == foreign, "compacted it is another value to Foundation")
    }
}
