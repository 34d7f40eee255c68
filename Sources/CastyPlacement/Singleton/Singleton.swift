package import CastyCore

/// One node's part in a singleton: an actor that runs on the oldest member, and on no other.
///
/// ```
///            oldest, no older one may run it, lease valid
///   absent ───────────────────────────────────────────────▶ running
///      ▲                                                       │ no longer the oldest, leaving, down
///      └───────────────────────── stopping ◀───────────────────┘
/// ```
///
/// While the lease has lapsed, a running singleton is paused; it resumes when the lease is valid again. A lease that rests on
/// proof implies that this node was not removed in between, and so is still the oldest.
///
/// Members are ordered by their up-numbers, so a younger member runs the singleton only if all older ones are leaving,
/// exiting or down. Those must confirm that theirs has stopped. A crashed member is waited for until its removal, and
/// then for as long as its lease may last. While no node can take messages, they are buffered, within a bound.
///
/// After each call the shell performs the effects in order, then reads ``wakeAt`` and calls ``onWakeup(at:)`` at that
/// time.
package struct Singleton<Payload: Sendable>: Sendable {
    package typealias Effects = [SingletonEffect<Payload>]

    enum Phase: Hashable, Sendable {
        case absent
        /// `isPaused`: the lease has lapsed since it started and is not valid again.
        case running(UInt64, isPaused: Bool)
        case stopping(UInt64, deadline: Instant, isKilled: Bool)
    }

    /// The part that this node takes.
    ///
    /// ```
    ///  staying ──▶ leaving ──▶ left
    ///     └───────────┴──────────┴──▶ shutDown
    /// ```
    enum Lifecycle: Hashable, Sendable {
        case staying
        /// Stops it if it runs here, and hands over.
        case leaving
        case left
        /// Nothing happens any more.
        case shutDown

        mutating func leave() { if self == .staying { self = .leaving } }
    }

    struct Buffered: Sendable {
        var payload: Payload
        var hops: Int
        /// The node it came from; it is not sent back there.
        var from: UniqueAddress?
        /// For a question: how long its asker waits while there is no singleton.
        var asks: AskPatience?
    }

    /// The most times a message is forwarded; beyond that the nodes disagree about which is the oldest.
    static var mostHops: Int { 4 }

    package let own: UniqueAddress
    package let settings: SingletonSettings

    /// When ``onWakeup(at:)`` is due; `nil` while nothing is waited for.
    package internal(set) var wakeAt: Instant?

    var view: PlacementView
    var phase = Phase.absent
    var incarnations: UInt64 = 0
    var leaseValidUntil = Instant.distantFuture
    /// Until then an older member that crashed may still run it.
    var crashHold = Instant.start
    /// Older members that have handed over, sorted.
    var released: [UniqueAddress] = []
    /// Nodes that wait for this one to stop, sorted.
    var askers: [UniqueAddress] = []
    var askedAt: Instant?
    var isWaiting = false
    var endsInARow = 0
    var startedAt = Instant.start
    /// After it ended by itself, it does not restart before this time.
    var restartAt = Instant.start
    var lifecycle = Lifecycle.staying
    /// Messages that no node can take at present, in order.
    var buffer: [Buffered] = []
    /// Messages from nodes that are not members in this node's view, in order.
    var unknown: [(message: Buffered, since: Instant)] = []

    package init(own: UniqueAddress, settings: SingletonSettings = SingletonSettings()) {
        self.own = own
        self.settings = settings
        view = PlacementView(own: own, members: [])
    }

    /// The node that runs it or should, in this node's view.
    package var home: UniqueAddress? { view.oldest(role: settings.role) }

    /// This node's number among all members that were ever up; 0 before it is up. A later home has a higher one: a member
    /// runs the singleton only when no older one may.
    package var ownNumber: Int { view.member(own)?.upNumber ?? 0 }

    /// Whether it runs here.
    package var isRunning: Bool {
        switch phase {
        case .running: true
        case .absent, .stopping: false
        }
    }

    /// The number of messages buffered here.
    package var buffered: Int { buffer.count }

    /// Membership or reachability changed.
    package mutating func onView(_ view: PlacementView, at now: Instant) -> Effects {
        let old = self.view
        self.view = view
        let ownNumber = old.member(own)?.upNumber ?? 0
        for node in view.removals(since: old) where node != own {
            if mayStillRun(node, in: old, ownNumber: ownNumber) {
                let margin = max(settings.removalMargin, view.removalMargin)
                crashHold = max(crashHold, view.lastProof(of: node, at: now) + margin)
            }
            released.removeSorted(node)
            askers.removeSorted(node)
        }
        let status = view.member(own)?.status
        if status == .down || (status == nil && old.member(own) != nil) { leaseValidUntil = .start }
        if status == .leaving || status == .exiting { lifecycle.leave() }
        return proceed(at: now)
    }

    /// The node may run it until `validUntil`; called before any other event when that has changed. Before the first
    /// call there is no limit.
    package mutating func onLease(validUntil: Instant, at now: Instant) -> Effects {
        leaseValidUntil = validUntil
        return proceed(at: now)
    }

    /// A user's message from this node.
    ///
    /// - Parameter asks: For a question: how long its asker waits while there is no singleton.
    package mutating func onRoute(_ payload: Payload, asks: AskPatience? = nil, at now: Instant) -> Effects {
        var effects: Effects = []
        take(Buffered(payload: payload, hops: 0, asks: asks), at: now, &effects)
        return effects
    }

    /// Another node sent a message.
    package mutating func onMessage(
        _ message: SingletonMessage<Payload>, from node: UniqueAddress, at now: Instant
    ) -> Effects {
        var effects: Effects = []
        switch message {
        case .handOver:
            // A node that considers itself the oldest does not give way; its view or the asker's is about to change.
            guard view.member(node) != nil, !isHome else { break }
            switch phase {
            case .absent: effects.append(.send(to: node, .handedOver))
            case .running, .stopping: askers.insertSorted(node)
            }
        case .handedOver: if view.member(node) != nil { released.insertSorted(node) }
        case .deliver(let payload, let hops, let asks):
            let message = Buffered(payload: payload, hops: hops, from: node, asks: asks)
            if isKnown(node) { take(message, at: now, &effects) } else { keepUnknown(message, since: now, &effects) }
        }
        return effects + proceed(at: now)
    }

    /// It has ended, for any reason.
    ///
    /// - Parameters:
    ///   - failed: Whether it failed, rather than stopped.
    ///   - unhandled: Messages in its mailbox that no handler processed, in order.
    package mutating func onEnded(
        _ incarnation: UInt64, failed: Bool, unhandled: [Payload], at now: Instant
    ) -> Effects {
        var effects: Effects = []
        switch phase {
        case .running(incarnation, _):
            endsInARow = now - startedAt > settings.restartBackoffLimit ? 1 : endsInARow + 1
            restartAt =
                now + min(settings.restartBackoff * (1 << min(endsInARow - 1, 20)), settings.restartBackoffLimit)
            effects.append(.note(.ended(incarnation, failed: failed, restartAt: restartAt)))
        case .stopping(incarnation, _, _): effects.append(.note(.stopped(incarnation, forced: false)))
        case .absent, .running, .stopping:
            // It was given up before; its leftovers may have been overtaken.
            return unhandled.map { .lost($0, .late) }
        }
        phase = .absent
        keepAhead(unhandled, &effects)
        return effects + proceed(at: now)
    }

    /// The time ``wakeAt`` has come.
    package mutating func onWakeup(at now: Instant) -> Effects { proceed(at: now) }

    /// The node wants to leave: stops it, then emits ``SingletonEffect/left``.
    package mutating func onLeave(at now: Instant) -> Effects {
        lifecycle.leave()
        return proceed(at: now)
    }

    /// The node stops now: every buffered message is lost.
    package mutating func onShutdown(at now: Instant) -> Effects {
        lifecycle = .shutDown
        wakeAt = nil
        defer { (buffer, unknown) = ([], []) }
        return (buffer + unknown.map(\.message)).map { .lost($0.payload, .shutdown) }
    }
}
