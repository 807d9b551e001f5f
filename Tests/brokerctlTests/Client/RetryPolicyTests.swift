import Testing

@testable import brokerctl

@Suite struct RetryPolicyTests {
    @Test func `delays double up to the maximum`() {
        var policy = RetryPolicy()
        let delays = (0..<8).map { _ in policy.nextDelay(chance: 1) }
        #expect(delays == [1, 2, 4, 8, 16, 30, 30, 30].map { .seconds($0) })
    }

    @Test func `chance shortens a delay to half of it at most`() {
        var least = RetryPolicy()
        var middle = RetryPolicy()
        #expect((0..<3).map { _ in least.nextDelay(chance: 0) } == [.milliseconds(500), .seconds(1), .seconds(2)])
        #expect(middle.nextDelay(chance: 0.5) == .milliseconds(750))
    }

    @Test func `the broker may ask for more time, not for less`() {
        var policy = RetryPolicy()
        #expect(policy.nextDelay(chance: 1, least: .seconds(5)) == .seconds(5))
        #expect(policy.nextDelay(chance: 1, least: .seconds(1)) == .seconds(2))
    }

    @Test func `after a success the delay is short again`() {
        var policy = RetryPolicy()
        policy.base = .seconds(2)
        for _ in 0..<5 { _ = policy.nextDelay(chance: 1) }
        policy.succeeded()
        #expect(policy.attempts == 0)
        #expect(policy.nextDelay(chance: 1) == .seconds(2))
    }

    @Test func `even very many attempts have a delay`() {
        var policy = RetryPolicy()
        for _ in 0..<200 { #expect(policy.nextDelay(chance: 1) <= policy.max) }
        #expect(policy.attempts == 200)
    }
}
