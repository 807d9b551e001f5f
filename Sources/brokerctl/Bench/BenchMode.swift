/// What is measured.
enum BenchMode: String, CaseIterable, Sendable {
    case send
    case poll
    case latency
    case fanout
    case park

    /// The work that it is made of.
    func load(_ plan: BenchPlan) -> any BenchLoad {
        switch self {
        case .send: SendLoad(plan)
        case .poll, .latency: DeliveryLoad(plan, isFanOut: false)
        case .fanout: DeliveryLoad(plan, isFanOut: true)
        case .park: ParkLoad(plan)
        }
    }
}

/// How readers of a measurement read.
enum BenchReading: String, CaseIterable, Sendable {
    case poll
    case sse
    case ndjson
}

/// A time that is measured, for each message of a run.
enum BenchMeasure: Int, CaseIterable, Sendable {
    case sendToDelivery
    case sendToFirstDelivery
    case sendToLastDelivery
    case sendToAnswer
    case writtenToDelivery
    case writtenToAnswer
    case generatorLate

    /// Its name in JSON.
    var key: String { "\(self)" }

    /// Its name above a column.
    var title: String {
        switch self {
        case .sendToDelivery: "to delivery"
        case .sendToFirstDelivery: "to first"
        case .sendToLastDelivery: "to last"
        case .sendToAnswer: "to answer"
        case .writtenToDelivery, .writtenToAnswer: "uncorrected"
        case .generatorLate: "bench late"
        }
    }

    /// What a mode measures, the most important first.
    static func all(of mode: BenchMode, isOpenLoop: Bool) -> [BenchMeasure] {
        switch (mode, isOpenLoop) {
        case (.send, false): [.sendToAnswer]
        case (.send, true): [.sendToAnswer, .writtenToAnswer, .generatorLate]
        case (.poll, false), (.latency, false), (.park, _): [.sendToDelivery, .sendToAnswer]
        case (.poll, true), (.latency, true): [.sendToDelivery, .sendToAnswer, .writtenToDelivery, .generatorLate]
        case (.fanout, false): [.sendToFirstDelivery, .sendToDelivery, .sendToLastDelivery, .sendToAnswer]
        case (.fanout, true):
            [.sendToFirstDelivery, .sendToDelivery, .sendToLastDelivery, .writtenToDelivery, .generatorLate]
        }
    }
}

extension BenchMeasure {
    /// Whether it leaves out for how long a send that was due waited for a connection.
    var countsFromWriting: Bool { self == .writtenToDelivery || self == .writtenToAnswer }
}

/// A histogram for each measure.
struct BenchHistograms: Sendable {
    private var all = BenchMeasure.allCases.map { _ in Histogram() }

    subscript(_ measure: BenchMeasure) -> Histogram {
        _read { yield all[measure.rawValue] }
        _modify { yield &all[measure.rawValue] }
    }
}
