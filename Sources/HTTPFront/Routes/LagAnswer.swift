internal import Broker

/// How far readers are behind, as answers say it.
enum LagAnswer {
    /// Writes an object, or null if there is no reader.
    static func write(_ lag: ReaderLag?, to body: ByteBuffer) {
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
