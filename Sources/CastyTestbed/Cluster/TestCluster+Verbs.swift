import CastyActors
import CastyCluster
import CastyCore
import CastyMembership
import CastyObservability
package import CastyPlacement
import CastySharding
import Synchronization

/// An operator's request through a node, until the cluster has confirmed it.
final class PendingVerb {
    /// The kind of request.
    enum Verb {
        /// A command for the coordinator of a sample type.
        case operate(OperatorCommand, SampleEntity)
        /// Declaring an incarnation down, by a certain node or by any.
        case down(UniqueAddress, by: Int?)
    }

    let verb: Verb
    /// The scenario line of the request; `nil` if a person made it.
    let line: Int?
    /// When the request is reported as unconfirmed.
    let deadline: Instant
    /// The node that received the request last, and when.
    var given: (node: TestNode, at: Instant)?
    let answer = FirstAnswer()
    var hear: @Sendable (CommandAnswer) -> Void = { _ in }

    init(_ verb: Verb, line: Int?, deadline: Instant) {
        self.verb = verb
        self.line = line
        self.deadline = deadline
    }

    /// The request in scenario syntax.
    var word: String {
        switch verb {
        case .operate(let command, let sample): "\(sample.rawValue): \(command.word)"
        case .down(let node, _): "down \(TestCluster.name(of: node.address))"
        }
    }
}

/// The first answer to arrive, over any route.
final class FirstAnswer: Sendable {
    private let answer = Mutex<CommandAnswer?>(nil)

    var value: CommandAnswer? { answer.withLock { $0 } }

    func take(_ given: CommandAnswer) { answer.withLock { $0 = $0 ?? given } }

    func forget() { answer.withLock { $0 = nil } }
}

/// An operator's command that no node has confirmed in time.
package struct UnconfirmedVerb: Hashable, Sendable {
    /// The scenario line of the command; `nil` if a person gave it.
    package let line: Int?
    /// The command in words.
    package let order: String
    /// What is known about its outcome, in words.
    package let text: String
}

extension TestCluster {
    /// Gives an operator's command to the coordinators of all sample types. Calls back with each answer.
    ///
    /// The command goes through the running node with the lowest number. If that node dies or hangs before the answer
    /// arrives, another node takes over. A command that no coordinator confirms within the fail-over bound is reported
    /// as ``UnconfirmedVerb``.
    package func operate(
        _ command: OperatorCommand, line: Int? = nil,
        answer: @escaping @Sendable (SampleEntity, CommandAnswer) -> Void = { _, _ in }
    ) throws {
        _ = try entry(nil)
        for sample in settings.samples {
            let verb = PendingVerb(.operate(command, sample), line: line, deadline: now + verbBound)
            verb.hear = { answer(sample, $0) }
            pendingVerbs.append(verb)
            give(verb)
        }
    }

    /// Makes a node declare another one dead, with the same retries and bound.
    func declareDown(_ node: TestNode, by decider: Int?, line: Int?) {
        let verb = PendingVerb(.down(node.system.unique, by: decider), line: line, deadline: now + verbBound)
        pendingVerbs.append(verb)
        give(verb)
    }

    /// The longest time for one command: a coordinator may have to be found and asked again.
    private var verbBound: Duration { settings.failover(nodes: numbers.count) + settings.placement.commandBound }

    private func give(_ pending: PendingVerb) {
        disturbances.changedAt = now
        switch pending.verb {
        case .operate(let command, let sample):
            guard let node = running.first(where: { $0.regions[sample] != nil }) else { return }
            pending.given = (node, now)
            node.sharding.command(command, type: sample.rawValue) { [answer = pending.answer] in
                answer.take($0)
            }
        case .down(let subject, let decider):
            let candidates = running.filter { $0.system.unique != subject }
            let node = decider.map { number in candidates.first { $0.number == number } } ?? candidates.first
            guard let node else { return }
            pending.given = (node, now)
            node.cluster.down(subject.address)
        }
    }

    /// Checks the pending commands, and gives those again whose node has died.
    func followVerbs() {
        guard !pendingVerbs.isEmpty else { return }
        for pending in pendingVerbs where !settle(pending) {
            let isLost = pending.given.map { $0.node.state != .running } ?? true
            if isLost { give(pending) }
            guard now >= pending.deadline else { continue }
            let latest =
                pending.given.map { "given last through \($0.node.name), at \($0.at)" } ?? "no node could take it"
            giveUp(pending, "not confirmed within \(verbBound): \(latest)")
        }
    }

    /// Whether the command's outcome is settled; it is then no longer pending.
    private func settle(_ pending: PendingVerb) -> Bool {
        switch pending.verb {
        case .operate:
            guard let answer = pending.answer.value else { return false }
            switch answer {
            case .refused(.noAnswer), .refused(.noCoordinator):
                // The outcome is unknown, or the command was not carried out: ask again while there is time.
                pending.answer.forget()
                pending.given = nil
                return false
            case .accepted, .refused:
                remove(pending)
                disturbances.changedAt = now
                pending.hear(answer)
                return true
            }
        case .down(let subject, _):
            let isKnown = running.contains { node in
                let gossip = node.cluster.core.gossip
                return gossip.status(of: subject) == .down || gossip.isTombstoned(subject)
            }
            guard isKnown || !watch.isAlive(subject) && !running.contains(where: { knows(subject, on: $0) }) else {
                return false
            }
            remove(pending)
            return true
        }
    }

    private func knows(_ subject: UniqueAddress, on node: TestNode) -> Bool {
        node.cluster.core.gossip.hasMember(subject)
    }

    private func giveUp(_ pending: PendingVerb, _ text: String) {
        remove(pending)
        inspector.emit(
            .note, reason: .notice(.notConfirmed), detail: .text("\(pending.word): \(text)"), line: pending.line)
        unconfirmedVerbs.append(UnconfirmedVerb(line: pending.line, order: pending.word, text: text))
    }

    private func remove(_ pending: PendingVerb) { pendingVerbs.removeAll { $0 === pending } }

    /// The commands that were given up since the last call.
    package func takeUnconfirmedVerbs() -> [UnconfirmedVerb] {
        defer { unconfirmedVerbs = [] }
        return unconfirmedVerbs
    }

    /// Whether commands await confirmation.
    package var hasPendingVerbs: Bool { !pendingVerbs.isEmpty }

    /// The drained nodes of a type, as its coordinator knows them, or as any region does if there is no coordinator.
    func drained(for sample: SampleEntity, in views: [ShardingView]) -> Set<UniqueAddress> {
        let parts = views.flatMap(\.sharding).filter { $0.type == sample.rawValue }
        if let part = parts.first(where: { $0.coordinating != nil }) { return Set(part.drained) }
        return Set(parts.flatMap(\.drained))
    }
}
