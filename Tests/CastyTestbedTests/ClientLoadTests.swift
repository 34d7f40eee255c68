import CastyCore
import CastyInvariants
import CastySharding
import CastyTestbed
import Testing

@Suite("Loads")
struct ClientLoadTests {
    /// Entities that answer at once, as a cluster without faults would.
    private final class Entities {
        var balances: [String: Int] = [:]

        func answer(_ entity: String, _ text: String) -> String {
            if text == "deposit 1" { balances[entity, default: 0] += 1 }
            return String(balances[entity, default: 0])
        }
    }

    private static func settings() -> LoadSettings {
        var settings = LoadSettings()
        settings.rate = 100
        settings.entities = 7
        settings.duration = .seconds(5)
        settings.checks = true
        settings.settling = .seconds(10)
        return settings
    }

    /// Runs a load, ten milliseconds at a time, until it is over.
    private static func run(
        _ settings: LoadSettings, isConnected: (Instant) -> Bool = { _ in true },
        answer: (String, String, Instant) -> Result<String, ClientError>
    ) -> LoadSummary {
        var load = ClientLoad(settings, at: .start)
        var now = Instant.start
        while true {
            for effect in load.tick(at: now, isConnected: isConnected(now)) {
                switch effect {
                case .finish: return load.summary
                case .ask(let number, let entity, let text):
                    switch answer(entity, text, now) {
                    case .success(let reply): load.replied(number, reply, at: now + .milliseconds(3))
                    case .failure(let error): load.failed(number, error)
                    }
                }
            }
            now = now + .milliseconds(10)
        }
    }

    @Test("a load sends what its rate says, and its books agree with entities that are right")
    func agrees() {
        let entities = Entities()
        let summary = Self.run(Self.settings()) { entity, text, _ in .success(entities.answer(entity, text)) }
        #expect(summary.sent == 500)
        #expect(summary.acknowledged == 500)
        #expect(summary.isConsistent)
        #expect(summary.balances == entities.balances.values.reduce(0, +))
        #expect(summary.acknowledgedBalances == summary.balances)
        #expect(summary.longestGap <= .milliseconds(20))
    }

    @Test("an acknowledged deposit that is gone at the end is a contradiction with its entity's name")
    func lost() {
        let entities = Entities()
        let summary = Self.run(Self.settings()) { entity, text, now in
            if now > .start + .seconds(5), entity == "account-3" { entities.balances[entity] = 1 }
            return .success(entities.answer(entity, text))
        }
        #expect(!summary.isConsistent)
        #expect(Set(summary.contradictions.map(\.entity)) == ["account-3"])
    }

    @Test("what has no known outcome counts as attempted, what was refused does not, and neither contradicts")
    func failures() {
        let entities = Entities()
        var count = 0
        let summary = Self.run(Self.settings()) { entity, text, _ in
            guard text == "deposit 1" else { return .success(entities.answer(entity, text)) }
            count += 1
            switch count % 5 {
            case 0: return .failure(ClientError(.overloaded, "full"))
            case 1:
                // Handled, though the client never learns of it.
                _ = entities.answer(entity, text)
                return .failure(ClientError(.connectionLost, "gone"))
            case 2: return .failure(ClientError(.timedOut, "silence"))
            default: return .success(entities.answer(entity, text))
            }
        }
        #expect(summary.refused > 0)
        #expect(summary.unknown > 0)
        #expect(summary.isConsistent, "\(summary.contradictions)")
        #expect(summary.reasons.keys.sorted() == ["connection lost", "overloaded", "timed out"])
        #expect(summary.reasons["overloaded"] == summary.refused)
    }

    @Test("a load that is ended early closes its books all the same")
    func early() {
        let entities = Entities()
        var load = ClientLoad(Self.settings(), at: .start)
        var now = Instant.start
        while load.phaseName != "over" {
            for case .ask(let number, let entity, let text) in load.tick(at: now, isConnected: true) {
                load.replied(number, entities.answer(entity, text), at: now)
            }
            if now == .start + .seconds(2) { load.endEarly() }
            now = now + .milliseconds(10)
        }
        #expect((150...200).contains(load.summary.sent))
        #expect(load.summary.isConsistent)
        #expect(load.summary.balances == entities.balances.values.reduce(0, +))
        #expect(now < .start + .seconds(3))
    }

    @Test("while no node is connected nothing is sent, and the load goes on afterwards")
    func outage() {
        let entities = Entities()
        let summary = Self.run(
            Self.settings(), isConnected: { $0 < .start + .seconds(2) || $0 > .start + .seconds(4) }
        ) { entity, text, _ in .success(entities.answer(entity, text)) }
        #expect(summary.heldBack > 150)
        #expect(summary.sent + summary.heldBack == 500)
        #expect(summary.longestGap > .seconds(1.9))
        #expect(summary.isConsistent)
    }

    @Test("without any node the load ends with that, and entities that cannot be read at the end are named")
    func noNode() {
        let summary = Self.run(Self.settings(), isConnected: { _ in false }) { _, _, _ in .success("0") }
        #expect(summary.neverConnected)
        let entities = Entities()
        let unread = Self.run(Self.settings()) { entity, text, now in
            if entity == "account-2", now > .start + .seconds(5) { return .failure(ClientError(.timedOut, "silence")) }
            return .success(entities.answer(entity, text))
        }
        #expect(unread.unread == ["account-2"])
        #expect(!unread.isConsistent)
    }
}
