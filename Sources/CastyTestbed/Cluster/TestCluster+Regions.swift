import CastyActors
import CastyCluster
package import CastyCore
import CastyMembership
import CastyObservability
import CastyPlacement
import CastyScenario
import CastySharding
import CastySimulator

extension TestCluster {
    /// Starts a sample type on a node, together with the hooks that track its messages and shards.
    func startRegion(
        _ sample: SampleEntity, on sharding: Sharding, host: any ClusterHost
    ) throws -> ShardRegion<EntityCommand> {
        let (tracker, watch, clock, settings) = (tracker, watch, world.clock, settings.placement(of: sample))
        let faults = faults
        let (cluster, type) = (sharding.cluster, sample.rawValue)
        let events = cluster.system.inspector
        let (name, unique, scheduler) = (events.name, cluster.system.unique, cluster.system.world.scheduler)
        let tracing = ShardTracing<EntityCommand>(
            forwarded: { tracker.forward($0.number, from: name, to: Self.name(of: $2.address), $1) },
            arrived: { tracker.arrive($0.number, at: name) },
            lost: { tracker.lose($0.number, because: .ledger($1), at: clock()) },
            noted: {
                watch.note(
                    ShardingFact(time: clock(), type: type, node: unique, name: name, note: $0, settings: settings))
            })
        let durable = durable
        let reminders = reminders
        let state = sample == .account ? self.settings.accountState : .balance
        let journals = JournalStore(
            disk, node: name, oracle: durable,
            ignoresFences: self.settings.placement.mutations.contains(.ignoresFences),
            acknowledgesUnwritten: self.settings.placement.mutations.contains(.acknowledgesUnwritten),
            changesCluster: true, lock: StoreLock.Access(storeLock) { faults.holdsStoreLock(name) }
        ) {
            guard let time = faults.storeDelay(on: name) else { return }
            await withUnsafeContinuation { continuation in
                _ = scheduler.schedule(after: time) { continuation.resume() }
            }
        }
        let forgetsWakes = self.settings.placement.mutations.contains(.forgetsWakes)
        let store: any EntityStore =
            state == .balance ? journals : RemindingJournalStore(journals, forgetsWakes: forgetsWakes)
        return try sharding.start(
            type: type, settings: settings, store: sample == .account ? store : nil,
            remember: sample == .account && self.settings.remembersAccounts ? journals : nil, tracing: tracing
        ) { entity in
            let hooks = SampleHooks(
                starting: { entity in try faults.start(entity.id) },
                handled: { entity, command in
                    let incarnation = EnvelopeTracker.Incarnation(node: entity.node, number: entity.incarnation)
                    if command.isOwn {
                        tracker.act(entity.id, incarnation, at: clock())
                    } else {
                        tracker.handle(command.number, entity: entity.id, incarnation: incarnation, at: clock())
                    }
                    watch.handled(entity, on: name, at: clock())
                    if scheduler.now >= cluster.leaseValidUntil {
                        tracker.object("S1", entity.id, "it acts on \(name) without a lease, at \(clock())")
                    }
                    try faults.handle(entity.id, on: name)
                },
                misunderstood: { entity, command in
                    events.emit(.note, entity: entity.id, reason: .notice(.notUnderstood), detail: .text(command.text))
                },
                refused: { entity, error in
                    events.emit(
                        .note, entity: entity.id, reason: .text("store \(error.code.rawValue)"),
                        detail: .text("a change was refused: \(error.description)"))
                },
                saved: { durable.acknowledged($0.id, on: name) },
                reminding: { reminders.note($0, of: $1.id, at: clock()) },
                duration: { faults.delay(on: name) })
            return switch state {
            case .balance: sample.behavior(entity, hooks)
            case .durable: sample.durable(entity, hooks)
            case .events: sample.eventSourced(entity, hooks)
            }
        }
    }

    /// Whether an incarnation has stopped, or does not see itself as up; true for an unknown one.
    package func saidGoodbye(_ node: UniqueAddress) -> Bool {
        guard let found = (former + nodes.values).first(where: { $0.system.unique == node }) else { return true }
        return found.state == .stopped || found.cluster.state.member(node)?.status != .up
    }
}
