internal import Broker

/// How many read and how far they are behind, as answers say it.
enum ReadersAnswer {
    /// Writes the members `waiting`, `streaming` and `lag` of an object.
    static func writeFields(waiting: Int, streaming: Int, lag: ReaderLag?, to body: ByteBuffer) {
        body.append("\"waiting\":")
        body.append(decimal: waiting)
        body.append(",\"streaming\":")
        body.append(decimal: streaming)
        body.append(",\"lag\":")
        writeLag(lag, to: body)
    }

    /// Writes an object, or null if there is no reader.
    static func writeLag(_ lag: ReaderLag?, to body: ByteBuffer) {
        guard let lag else { return body.append("null") }
        body.append("{\"messages\":")
        body.append(decimal: lag.messages)
        body.append(",\"seconds\":")
        writeSeconds(lag, to: body)
        body.append(UInt8(ascii: "}"))
    }

    /// Writes the age in seconds, to the millisecond, which is as exact as the time of sending.
    static func writeSeconds(_ lag: ReaderLag, to body: ByteBuffer) {
        let milliseconds = Int(lag.age.wholeNanoseconds / 1_000_000)
        body.append(decimal: milliseconds / 1000)
        let rest = milliseconds % 1000
        guard rest > 0 else { return }
        body.append(UInt8(ascii: "."))
        for divisor in [100, 10, 1] { body.append(UInt8(ascii: "0") + UInt8(rest / divisor % 10)) }
    }
}
