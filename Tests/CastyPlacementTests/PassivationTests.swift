import CastyCore
import Testing

@testable import CastyPlacement

@Suite("Passivation")
struct PassivationTests: RegionSamples {
    private func stopped(_ effects: [RegionEffect<String>]) -> [String] {
        effects.compactMap { effect in
            if case .stop(let instance, .afterMailbox) = effect { instance.entity } else { nil }
        }
    }

    @Test("Limits and policies can be changed while entities are awake")
    func changed() {
        var region = hosting()
        for number in 1...4 { _ = region.onRoute("a", to: "e-\(number)", at: at(number)) }
        _ = region.onRoute("b", to: "e-1", at: at(10))
        let lru = region.onPassivation(PassivationSettings(limit: 3), at: at(20))
        #expect(stopped(lru) == ["e-2"])
        // Used least often since the policy changed, though not longest ago.
        #expect(
            stopped(
                region.onPassivation(PassivationSettings(limit: 3, policy: .leastFrequentlyUsed), at: at(30))) == [])
        for name in ["e-3", "e-3", "e-4", "e-4", "e-1"] { _ = region.onRoute("c", to: name, at: at(40)) }
        _ = region.onRoute("d", to: "e-3", at: at(41))
        #expect(stopped(region.onRoute("e", to: "e-5", at: at(50))) == ["e-1"])
        #expect(region.onPassivation(PassivationSettings(), at: at(60)) == [])
        #expect(stopped(region.onRoute("f", to: "e-6", at: at(70))) == [])
    }

    @Test("An idle entity is passivated; what comes meanwhile is kept in order and starts it again")
    func idle() {
        var region = hosting(settings { $0.passivation.idle = .milliseconds(100) })
        _ = region.onRoute("a", to: "e-1", at: at(10))
        _ = region.onRoute("b", to: "e-1", at: at(60))
        #expect(region.onWakeup(at: at(110)) == [])
        #expect(region.wakeAt == at(160))
        #expect(region.onWakeup(at: at(160)) == [.stop(instance(1), .afterMailbox)])
        #expect(region.onRoute("c", to: "e-1", at: at(161)) == [])
        #expect(
            region.onTerminated(EntityEnd(instance(1)), at: at(162)) == [
                .note(.entityPassivated(instance(1))), .start(instance(2)), .note(.entityStarted(instance(2))),
                .deliver("c", to: instance(2)),
            ])
    }

    @Test(
        "Over the limit the entity goes that was used longest ago, or least often",
        arguments: [(PassivationSettings.Policy.leastRecentlyUsed, "e-1"), (.leastFrequentlyUsed, "e-2")])
    func limit(policy: PassivationSettings.Policy, victim: String) {
        var region = hosting(settings { $0.passivation = .init(limit: 2, policy: policy) })
        for (index, entity) in ["e-1", "e-1", "e-2"].enumerated() {
            _ = region.onRoute("x", to: entity, at: at(10 + index))
        }
        let effects = region.onRoute("x", to: "e-3", at: at(20))
        let stopped = effects.compactMap { effect -> String? in
            if case .stop(let instance, .afterMailbox) = effect { instance.entity } else { nil }
        }
        #expect(stopped == [victim])
    }

    @Test("An entity that failed waits longer each time, and starts only for a message")
    func backoff() {
        var region = hosting(settings { $0.restartJitter = 0 })
        _ = region.onRoute("a", to: "e-1", at: at(10))
        #expect(
            region.onTerminated(EntityEnd(instance(1), failed: true), at: at(20)) == [
                .note(.entityFailed(instance(1), failures: 1, restartAt: at(220)))
            ])
        #expect(region.onRoute("b", to: "e-1", at: at(30)) == [])
        #expect(region.onWakeup(at: at(220)).last == .deliver("b", to: instance(2)))
        #expect(
            region.onTerminated(EntityEnd(instance(2), failed: true), at: at(230)) == [
                .note(.entityFailed(instance(2), failures: 2, restartAt: at(630)))
            ])
        #expect(region.onWakeup(at: at(630)) == [])
        #expect(region.entities(of: 0, limit: 9) == [])
    }

    @Test(
        "An entity that stops before it handles anything waits like one that failed, and so do its messages, which are given up after a few tries",
        arguments: [false, true])
    func endsAtOnce(asksToSleep: Bool) {
        var region = hosting(
            settings {
                $0.restartJitter = 0
                $0.startAttempts = 2
            })
        _ = region.onRoute("a", to: "e-1", at: at(10))
        if asksToSleep { _ = region.onPassivate("e-1", at: at(11)) }
        let note = asksToSleep ? RegionNote.entityPassivated : RegionNote.entityStopped
        #expect(
            region.onTerminated(EntityEnd(instance(1), unhandled: ["a"]), at: at(20)) == [.note(note(instance(1)))])
        #expect(region.onRoute("b", to: "e-1", at: at(30)) == [])
        #expect(region.status.buffered == 2)
        #expect(
            region.onWakeup(at: at(220)) == [
                .start(instance(2)), .note(.entityStarted(instance(2))), .deliver("a", to: instance(2)),
                .deliver("b", to: instance(2)),
            ])
        #expect(
            region.onTerminated(EntityEnd(instance(2), unhandled: ["a", "b"]), at: at(230)) == [
                .note(.entityStopped(instance(2))), .lost("a", entity: "e-1", shard: 0, .entityFailed),
                .lost("b", entity: "e-1", shard: 0, .entityFailed),
            ])
        #expect(region.status.buffered == 0)
        #expect(region.onWakeup(at: at(630)) == [])
    }

    @Test("An entity that handled something and stops starts again at once for what it left")
    func endsLater() {
        var region = hosting()
        _ = region.onRoute("a", to: "e-1", at: at(10))
        _ = region.onRoute("b", to: "e-1", at: at(11))
        #expect(
            region.onTerminated(EntityEnd(instance(1), unhandled: ["b"]), at: at(20)).suffix(1) == [
                .deliver("b", to: instance(2))
            ])
    }

    @Test("The order of use agrees with a plain list over a random walk", arguments: [0, 1])
    func model(seed: Int) {
        let policy: PassivationSettings.Policy = seed == 0 ? .leastRecentlyUsed : .leastFrequentlyUsed
        var order = UsageOrder(policy: policy)
        var model: [(slot: Int, name: String, uses: Int, usedAt: Int)] = []
        var generator = SeededGenerator(seed: UInt64(seed))
        for step in 0..<3000 {
            let choice = generator.below(4)
            if choice == 0 || model.isEmpty {
                let name = "e-\(step)"
                let slot = order.insert(EntityKey(shard: 0, entity: name), at: at(step))
                model.append((slot, name, 1, step))
            } else if choice == 1, model.count > 3 {
                let index = generator.below(model.count)
                order.remove(model.remove(at: index).slot)
            } else {
                let index = generator.below(model.count)
                order.touch(model[index].slot, at: at(step))
                model[index].uses += 1
                model[index].usedAt = step
            }
            let oldest = model.min { $0.usedAt < $1.usedAt }
            #expect(order.oldest?.key.entity == oldest?.name)
            let rare = model.min { ($0.uses, $0.usedAt) < ($1.uses, $1.usedAt) }
            let expected = policy == .leastRecentlyUsed ? oldest : rare
            #expect(order.victim(sparing: nil)?.entity == expected?.name)
            #expect(order.count == model.count)
        }
    }
}
