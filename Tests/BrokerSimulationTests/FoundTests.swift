#if os(Linux)
import BrokerSimulation
import Testing

/// What the simulation has found in the server: the shortest scripts, as it printed them.
@Suite struct FoundTests {
    @Test func `a poll that ends a stream of its session is given what that gives back`() async throws {
        let setup = Setup(
            seed: 2775,
            loops: 1,
            clients: 12,
            recipients: 1,
            messagesMax: 100,
            dropsOldest: true,
            memory: 0
        )
        let steps = [
            Step(
                0,
                70_759_871_545_247_624,
                .follow(client: 10, from: [0], origin: .oldest, seconds: 5, limit: 5, session: 0, observes: false)
            ),
            Step(
                0,
                13_952_378_147_071_442_362,
                .send(client: 6, to: [0], size: 3000, key: 0, timeToLive: 0, style: .batch)
            ),
            Step(
                0,
                17_849_014_789_219_616_332,
                .send(client: 1, to: [0], size: 100, key: 0, timeToLive: 8, style: .batch)
            ),
            Step(
                0,
                4_051_395_026_102_947_579,
                .send(client: 10, to: [0], size: 20, key: 0, timeToLive: 1, style: .json)
            ),
            Step(
                928000,
                18_312_039_213_270_419_865,
                .follow(client: 10, from: [0], origin: .now, seconds: 2, limit: 2, session: 0, observes: false)
            ),
            Step(
                38000,
                7_489_845_591_327_270_742,
                .stream(client: 7, from: [0], origin: .own, format: .iframe, session: 0, observes: false)
            ),
            Step(0, 11_841_248_065_433_591_607, .retry(client: 10)),
            Step(
                15000,
                8_753_732_422_813_157_041,
                .send(client: 1, to: [0], size: 20, key: 0, timeToLive: 9, style: .chunked)
            ),
            Step(0, 1_992_173_910_817_711_905, .streamTaking(client: 10, from: [0], format: .iframe, session: 2)),
            Step(
                2308,
                10_216_514_440_244_903_559,
                .send(client: 6, to: [0], size: 20, key: 0, timeToLive: 0, style: .json)
            ),
            Step(2793, 434_538_064_639_541_375, .release(client: 0, choice: .newest, delay: 4)),
            Step(
                3000,
                11_166_845_482_525_594_079,
                .take(client: 3, from: [0], seconds: 40, limit: 5, lease: 3600, session: 2)
            ),
        ]
        try await Script(setup, steps).replay()
    }

    @Test func `a poll that a shard of another loop refuses is answered at once`() async throws {
        let setup = Setup(
            seed: 4408,
            loops: 2,
            clients: 8,
            recipients: 5,
            messagesMax: 8,
            dropsOldest: true,
            memory: 9
        )
        let steps = [
            Step(
                0,
                6_908_634_370_218_151_504,
                .send(client: 4, to: [4], size: 3000, key: 0, timeToLive: 0, style: .json)
            ),
            Step(
                0,
                1_447_474_362_496_816_751,
                .follow(client: 4, from: [0], origin: .own, seconds: 2, limit: 1, session: 0, observes: false)
            ),
            Step(0, 15_269_257_516_243_176_182, .streamTaking(client: 3, from: [2], format: .ndjson, session: 2)),
            Step(0, 16_414_215_203_161_419_929, .dribble(client: 6)),
            Step(0, 16_808_364_196_721_178_589, .look(client: 7, at: 2)),
            Step(
                0,
                12_888_030_237_261_009_355,
                .send(client: 6, to: [2], size: 3, key: 0, timeToLive: 0, style: .json)
            ),
            Step(
                0,
                7_145_845_665_032_531_695,
                .send(client: 5, to: [0], size: 0, key: 2, timeToLive: 0, style: .batch)
            ),
            Step(
                0,
                2_405_427_137_149_262_138,
                .send(client: 3, to: [1, 0], size: 3000, key: 0, timeToLive: 0, style: .json)
            ),
        ]
        try await Script(setup, steps).replay()
    }

    @Test func `whom a poll of the same session replaces that does not wait is there a while longer`() async throws {
        let setup = Setup(
            seed: 52,
            loops: 1,
            clients: 2,
            recipients: 2,
            messagesMax: 1000,
            dropsOldest: true,
            memory: 0
        )
        let steps = [
            Step(
                0,
                8_423_840_186_853_450_275,
                .stream(client: 0, from: [0], origin: .own, format: .iframe, session: 1, observes: false)
            ),
            Step(
                786000,
                1_216_596_284_464_021_161,
                .send(client: 0, to: [1], size: 0, key: 0, timeToLive: 0, style: .json)
            ),
            Step(
                0,
                16_537_260_125_211_875_807,
                .take(client: 0, from: [0], seconds: 0, limit: 1, lease: 0, session: 1)
            ),
            Step(41000, 799_265_942_134_779_725, .presence(client: 1, of: [0])),
        ]
        try await Script(setup, steps).replay()
    }
}
#endif
