import CastyActors
import CastyCore
import CastyMembership
import CastyObservability
import CastyRemoting
import Logging
import Synchronization

extension Cluster {
    /// Publishes the result of a change of the core.
    ///
    /// - Returns: The followers to call if the view changed, once the events about the change are published.
    func publish(_ outcome: SharedCore.Outcome) -> [@Sendable () -> Void] {
        publish(lease: outcome.leaseValidUntil)
        guard let state = outcome.state else { return [] }
        let (followers, newMembers) = published.withLock { published -> ([@Sendable () -> Void], [Member]) in
            let before = published.state
            published.state = state
            if state.members != before.members { published.former = before.members }
            let areSameMembers = state.members == before.members
            let isSame =
                areSameMembers && state.unreachable == before.unreachable && state.silent == before.silent
                && state.removed == before.removed && state.lastProofs == before.lastProofs
            let known = areSameMembers ? [] : Set(before.members.map(\.node))
            let newMembers = areSameMembers ? [] : state.members.filter { !known.contains($0.node) }
            // Under the lock, so that a reader of the new state finds it counted.
            if !isSame { countView() }
            return (isSame ? [] : published.followers, newMembers)
        }
        // Taken from the view and not from the events: members that were here before this node have no joining event.
        for member in newMembers where member.status != .down && member.node != system.unique {
            remoting?.expect(member.node)
        }
        system.inspector.touch()
        return followers
    }

    /// Publishes a change: to the event feed first, then to the subscribers.
    func publish(_ event: MembershipEvent, causes: inout EventCauses) {
        let inspector = system.inspector
        var leading = causes.leading(to: event.subject)
        if case .downingDecision(let decision) = event.kind {
            leading = decision.down.flatMap { causes.leading(to: $0) }
        }
        let name = { (node: UniqueAddress) in inspector.nameOf(node.address) }
        let id = inspector.emit(
            event.eventKind, subject: event.subject.map(name), from: event.source.map(name),
            reason: event.reason(name), detail: event.detail(name), causes: leading)
        let isLast = if case .memberRemoved = event.kind { true } else { false }
        causes.note(id, about: event.subject, isLast: isLast)
        if case .downingDecision(let decision) = event.kind {
            for node in decision.down { causes.note(id, about: node) }
        }
        let (news, subscribers, observers) = published.withLock { published in
            published.latestEvents.note(id, about: event.subject, isLast: isLast)
            let (state, former) = (published.state, published.former)
            let news = event.news { node in state.member(node) ?? former.first { $0.node == node } }
            return (news, published.subscribers, published.observers)
        }
        guard let news else { return }
        eventSource.send(news)
        if case .memberLeft(let left) = news {
            remoting?.nodeRemoved(left.node)
            // Asks know only an address: where a new incarnation already runs there, they may be addressed to it.
            let isReplaced = self.state.members.contains { $0.node.address == left.node.address }
            if !isReplaced { system.failAsks(to: left.node.address) }
        }
        for observer in observers { observer(news, id) }
        for subscriber in subscribers { subscriber.tell(news) }
    }

    /// Emits a note when the shared state takes a quarter of what one message may carry, and again whenever its size
    /// has doubled.
    func watchGossipSize(_ bytes: Int, limit: Int) {
        let isNews = published.withLock { published in
            published.gossipBytes = bytes
            published.gossipLimit = limit
            // The state has shrunk: its next growth is reported again.
            if bytes * 4 < published.announcedGossip { published.announcedGossip = 0 }
            guard bytes * 4 >= limit, bytes >= published.announcedGossip * 2 else { return false }
            published.announcedGossip = bytes
            return true
        }
        guard isNews else { return }
        let text = "the state of the cluster takes \(bytes) bytes; above \(limit / 2) it travels in pages"
        system.inspector.emit(.note, reason: .notice(.gossipSize), detail: .text(text))
    }

    /// Emits a note with the reason why the lease did not answer; for the decision that is a no.
    func noteLeaseProblem(_ error: LeaseError) {
        system.inspector.emit(.note, reason: .text("lease \(error.code.rawValue)"), detail: .text(error.message))
    }

    func welcomed() {
        bindStore()
        let waiting = published.withLock { published in
            published.welcomed = true
            defer { published.whenWelcomed = [] }
            return published.whenWelcomed
        }
        for action in waiting { action() }
    }

    /// Runs the exit tasks, then notifies the daemon.
    func runExitTasks() {
        let tasks = published.withLock { $0.exitTasks }
        let daemon = daemon
        guard !tasks.isEmpty else { return daemon.tell(.exitTasksDone) }
        let remaining = Countdown(tasks.count) { daemon.tell(.exitTasksDone) }
        for task in tasks { task { remaining.done() } }
    }

    func stop(_ reason: StopReason) {
        let action = published.withLock { published in
            published.stopped = reason
            return published.onStop
        }
        publish(lease: .start)
        system.log.info("\(system.address) stops: \(reason)")
        if let action {
            action(reason)
        } else {
            system.inspector.emit(.nodeStopped, subject: system.inspector.name, reason: .stopped(reason))
            system.terminate {}
        }
    }
}

/// Calls back when all of several things are done.
private final class Countdown: Sendable {
    private let left: Atomic<Int>
    private let action: @Sendable () -> Void

    init(_ count: Int, _ action: @escaping @Sendable () -> Void) {
        left = Atomic(count)
        self.action = action
    }

    func done() {
        if left.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 { action() }
    }
}

extension ClusterState {
    init(_ core: Membership) {
        self.init(
            members: core.gossip.members, unreachable: core.gossip.unreachable, leader: core.leader,
            oldest: core.oldest, isConverged: core.phase == .member && core.isAgreed,
            version: core.gossip.number, seenBy: core.gossip.seen)
        silent = core.silent
        removed = core.gossip.tombstones.map(\.node)
        lastProofs = removed.map { core.lastProof(of: $0) ?? core.versionSince }
    }
}
