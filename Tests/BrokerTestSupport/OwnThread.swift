import Dispatch
import Foundation

/// Threads for long calculations.
///
/// Tests share as many threads as there are processors. A test that holds one of them for long makes all others wait, those that have begun as well, and
/// what they wait for seems not to come.
package enum OwnThread {
    private static let places = DispatchSemaphore(value: 2)

    /// Runs `body` on a thread of its own; one that was called later may have to wait until others have finished.
    ///
    /// What fails there belongs to no test: let `body` return it, or throw it.
    package static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                places.wait()
                defer { places.signal() }
                continuation.resume(with: Result(catching: body))
            }
        }
    }
}
