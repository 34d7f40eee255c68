import CastyObservability
import CastyReporting
package import CastyScenario

extension TestCluster {
    /// Evaluates an expectation at this moment.
    ///
    /// - Parameter mark: The number of events when the last awaited expectation was met.
    package func evaluate(_ expect: Expect, since mark: Int = 0) -> Verdict {
        switch expect.expectation {
        case .members(let names): inViews(expect.scope) { evaluateMembers(names, in: $0) }
        case .nodes(let names, let condition):
            inViews(expect.scope) { view in .all(names.map { evaluate($0, condition, in: view) }) }
        case .leader(let name): inViews(expect.scope) { evaluateLeader(name, in: $0) }
        case .coordinator(let name): inViews(expect.scope) { evaluateCoordinator(name, in: $0) }
        case .converged: evaluateConverged(expect.scope)
        case .stopped(let names): .all(names.map(evaluateStopped))
        case .balanced(let difference): evaluateBalance(by: difference)
        case .shard(let shard, let name): evaluate(shard: shard, on: name)
        case .entity(let entity, let name): evaluate(entity: entity.id, on: name)
        case .lost(let count): evaluateLost(count)
        case .no(let event, let since):
            evaluateAbsence(of: event, since: since == .start ? 0 : mark, words: since == .start ? "the start" : nil)
        case .singleActivation:
            tracker.violations.first { $0.id == "S1" }.map { .unmet("\($0.entity ?? ""): \($0.text)") } ?? .met
        }
    }

    /// All running nodes, or the named ones.
    ///
    /// - Throws: ``TestClusterError`` if no node is running, or a named node is not.
    func viewers(_ scope: Scope) throws(TestClusterError) -> [TestNode] {
        switch scope {
        case .all:
            let running = running
            if running.isEmpty { throw TestClusterError("no node runs") }
            return running
        case .nodes(let names):
            var viewers: [TestNode] = []
            for name in names {
                guard let node = nodes[name.number] else { throw TestClusterError("\(name) was never started") }
                guard node.state == .running else {
                    throw TestClusterError("\(name) does not run: it is \(node.state)")
                }
                viewers.append(node)
            }
            return viewers
        }
    }

    private func inViews(_ scope: Scope, _ evaluate: (NodeSnapshot) -> Verdict) -> Verdict {
        do {
            for viewer in try viewers(scope) {
                let verdict = evaluate(viewer.snapshot)
                if !verdict.isMet { return verdict }
            }
            return .met
        } catch {
            return .unmet("\(error)")
        }
    }

    private func evaluateStopped(_ name: NodeName) -> Verdict {
        guard let node = nodes[name.number] else { return .unmet("\(name) was never started") }
        return node.state == .stopped ? .met : .unmet("\(name) is \(node.state)")
    }

    private func evaluateLost(_ count: Int) -> Verdict {
        let lost = tracker.lost
        if lost == count { return .met }
        let reasons = tracker.lossesByReason.map { (word: $0.key.word, count: $0.value) }.sorted { $0.word < $1.word }
            .map { "\($0.count) \($0.word)" }.joined(separator: ", ")
        return .unmet("lost \(lost)" + (reasons.isEmpty ? "" : ": \(reasons)"))
    }

    private func evaluateAbsence(of event: EventKind, since mark: Int, words: String?) -> Verdict {
        let found = recorder.events(from: mark).filter { $0.kind == event }
        guard let first = found.first else { return .met }
        let about = first.subject.map { " \($0)" } ?? ""
        let moment = RuntimeEvent.seconds(first.time)
        let since = words ?? "the last expectation that was awaited"
        return .unmet(
            "\(found.count) since \(since), the first at \(moment) s on \(first.node):\(about) \(event.rawValue)"
                + (first.reason.map { " (\($0.word))" } ?? ""))
    }
}
