import CastyCore
import CastyObservability
import CastySharding
import Synchronization

extension EnvelopeTracker.State {
    mutating func settle(_ number: UInt64, _ fate: EnvelopeTracker.Fate) {
        guard let envelope = envelopes[number] else { return }
        envelopes[number]?.fate = fate
        pending -= 1
        pendingOf[envelope.entity]?.remove(number)
        if pendingOf[envelope.entity]?.isEmpty == true { pendingOf[envelope.entity] = nil }
    }

    mutating func object(_ id: String, _ entity: String, _ text: String) {
        violations.append(Violation(id: id, entity: entity, text: text))
    }

    mutating func lose(_ number: UInt64, because cause: EnvelopeLoss, at now: Instant) {
        guard let envelope = envelopes[number], case .pending = envelope.fate else { return }
        settle(number, .lost(cause))
        lost += 1
        losses.append(
            EnvelopeTracker.Loss(
                number: number, entity: envelope.entity, sender: envelope.sender, entered: envelope.entered, time: now,
                cause: cause))
    }

    /// The last known location of an envelope, in words.
    func location(of number: UInt64) -> (entity: String, location: String, entered: Instant)? {
        guard let envelope = envelopes[number] else { return nil }
        let route = envelope.heading.map { "on its way from \(envelope.holder) to \($0)" }
        return (envelope.entity, "envelope \(number), \(route ?? "at \(envelope.holder)")", envelope.entered)
    }

    /// Checks that messages from one sender to one entity are handled in the order of sending.
    mutating func keepOrder(_ number: UInt64, at now: Instant, on node: UniqueAddress) {
        guard let envelope = envelopes[number] else { return }
        longestRoute = max(longestRoute, envelope.hops)
        if envelope.hops > EnvelopeTracker.mostHops {
            object("S12", envelope.entity, "envelope \(number) was handled after \(envelope.hops) hops, at \(now)")
        }
        let stream = EnvelopeTracker.Stream(sender: envelope.sender, entity: envelope.entity)
        if let before = latest[stream], before > number {
            object(
                "S5", envelope.entity,
                "envelope \(number) from \(envelope.sender) was handled after the later \(before), at \(now)")
        }
        latest[stream] = max(latest[stream] ?? 0, number)
        if let before = latestNode.updateValue(node, forKey: stream), before != node { streamChanges += 1 }
    }

    /// Two incarnations overlap when an earlier one acts after a later one has acted.
    mutating func act(_ entity: String, _ incarnation: EnvelopeTracker.Incarnation, at now: Instant) {
        guard var activity = activities[entity] else {
            activities[entity] = EnvelopeTracker.Activity(current: incarnation)
            return
        }
        if activity.current == incarnation { return }
        if activity.former.contains(incarnation) {
            object("S1", entity, "two instances acted at the same time: \(incarnation.node) again at \(now)")
        }
        if activity.current.node != incarnation.node { ownerChanges += 1 }
        activity.former.insert(activity.current)
        activity.current = incarnation
        activities[entity] = activity
    }
}
