import CastyCluster
package import CastyCore
package import CastyMembership
import Synchronization

/// A step of a node's membership that changed the state or emitted events, seen from outside, in the runtime's time.
package struct StepTrace: Sendable {
    package var time: Instant
    package var node: UniqueAddress
    package var before: Gossip
    package var after: Gossip
    package var phaseBefore: Membership.Phase
    package var phase: Membership.Phase
    /// The events for the node's listeners.
    package var events: [MembershipEvent]
    /// The gossip that came in, if any.
    package var received: Gossip?
    /// The reason, if the node stops.
    package var stop: StopReason?

    package init(
        time: Instant, node: UniqueAddress, before: Gossip = Gossip(), after: Gossip = Gossip(),
        phaseBefore: Membership.Phase = .member, phase: Membership.Phase = .member, events: [MembershipEvent] = [],
        received: Gossip? = nil, stop: StopReason? = nil
    ) {
        self.time = time
        self.node = node
        self.before = before
        self.after = after
        self.phaseBefore = phaseBefore
        self.phase = phase
        self.events = events
        self.received = received
        self.stop = stop
    }

    /// Whether the step changes the content of the state.
    package var isChange: Bool { before.version != after.version || !before.hasSameContent(as: after) }
}

/// Records every membership step of every node.
package final class StepTraceRecorder: Sendable {
    private struct State {
        var steps: [StepTrace] = []
        var phases: [UniqueAddress: Membership.Phase] = [:]
        var lastEnvelope: (time: Instant, node: UniqueAddress)?
    }

    private let state = Mutex(State())
    private let tracker: EnvelopeTracker

    /// Creates a recorder that informs the tracker of nodes that see themselves declared down.
    package init(tracker: EnvelopeTracker) { self.tracker = tracker }

    /// Records a step.
    func see(_ step: MembershipStep, at now: Instant) {
        var events: [MembershipEvent] = []
        var stop: StopReason?
        var hasEnvelope = false
        for effect in step.effects {
            switch effect {
            case .publish(let event): events.append(event)
            case .stop(let reason): stop = reason
            case .send(.gossipEnvelope, _), .send(.gossipSpread, _), .answer(.gossipEnvelope, _): hasEnvelope = true
            case .send, .contact, .probeConnection, .answer, .reconnect, .schedule, .cancel, .repost, .acquireLease,
                .releaseLease,
                .withdrawLease, .welcomed,
                .runExitTasks, .remember, .note:
                break
            }
        }
        let node = step.node
        if hasEnvelope { state.withLock { $0.lastEnvelope = (now, node) } }
        guard let change = step.change else { return }
        if step.isChange, change.after.member(node)?.status == .down { tracker.fence(node) }
        state.withLock { state in
            let phaseBefore = state.phases.updateValue(change.phase, forKey: node) ?? .idle
            let isChange = step.isChange && change.before.version != change.after.version
            guard isChange || !events.isEmpty || stop != nil || phaseBefore != change.phase else { return }
            var received: Gossip?
            switch step.received?.message {
            case .gossipEnvelope(let gossip)?, .gossipSpread(let gossip, _)?: received = gossip
            case .initJoin, .noCluster, .initJoinAck, .initJoinNack, .join, .welcome, .joinRefused, .heartbeat,
                .heartbeatAck, .unknown, .probeConnection,
                .gossipStatus, .gossipSeen, .gossipAck, .exitingConfirmed, .probeRequest, .probe, .probeAck,
                .probeAnswer,
                .gone, .unknownPeer, .clusterProbe, .clusterAnswer, .otherCluster,
                .lastAcknowledged, nil:
                break
            }
            state.steps.append(
                StepTrace(
                    time: now, node: node, before: change.before, after: change.after, phaseBefore: phaseBefore,
                    phase: change.phase, events: events, received: received, stop: stop))
        }
    }

    /// The steps recorded since the last call, in order.
    package func take() -> [StepTrace] {
        state.withLock { state in
            defer { state.steps = [] }
            return state.steps
        }
    }

    /// When a node last sent its full state instead of a digest, and which node that was.
    package var lastEnvelope: (time: Instant, node: UniqueAddress)? { state.withLock { $0.lastEnvelope } }
}
