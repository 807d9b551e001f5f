import Foundation

/// Threads for long calculations.
///
/// Tests share as many threads as there are processors. A test that holds one of them for long makes all others wait,
/// those that have begun as well, and what they wait for seems not to come.
package enum OwnThread {
    /// Runs `body` on a thread of its own.
    ///
    /// What fails there belongs to no test: let `body` return it, or throw it.
    package static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result(catching: body)) }
        }
    }
}
