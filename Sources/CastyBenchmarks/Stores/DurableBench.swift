import CastyActors
import CastyCore
import CastySharding

/// Questions to durable entities on the asking node: each changes a state, and is answered when that is on disk.
enum DurableBench {
    private struct Tally: Codable {
        var count = 0
    }

    static func cases(_ stores: BenchStores) -> [BenchCase] {
        [1, 64].map { callers in
            let name = "durable ask, \(callers) \(callers == 1 ? "entity" : "entities")"
            return BenchCase(.store, name) { plan in
                let count = plan.amount(200 * (callers + 9), quick: 40 * (callers + 9))
                let nodes = try ShardNodes(1, store: stores.entities)
                defer { nodes.end() }
                let node = nodes.nodes[0]
                let region = try node.oracles("bench-durable", store: stores.entities) { entity in
                    .durable(entity, Tally()) { tally, _, question in
                        tally.count += 1
                        question.replyTo.tell(Answer(number: question.number))
                        return .same
                    }
                }
                let traffic = traffic(node, region)
                var (rates, latencies, sizes): ([Double], [LatencyHistogram], [Double]) = ([], [], [])
                // The first run starts the entities, and warms up.
                for run in 0...plan.runs {
                    var measured: (latencies: LatencyHistogram, seconds: Double)?
                    let size = try stores.groupSize { measured = try traffic.ask(callers: callers, count: count) }
                    guard run > 0, let measured else { continue }
                    rates.append(Double(count / callers * callers) / measured.seconds)
                    latencies.append(measured.latencies)
                    if let size { sizes.append(size) }
                }
                return [Measurement(name: name, unit: "/s", runs: rates)] + LatencyHistogram.rows(name, latencies)
                    + (sizes.isEmpty
                        ? [] : [Measurement(name: name + ", in a transaction", unit: "saves", runs: sizes)])
            }
        }
    }

    /// Each caller asks an entity of its own.
    private static func traffic(_ node: ShardNode, _ region: ShardRegion<Question>) -> Traffic {
        Traffic(system: node.system, tell: { _, _ in }) { context, caller, number in
            let me = context.`self`
            region.ask(
                "bench-durable-\(caller)", within: .seconds(10), { Question(number: number, replyTo: $0) },
                completion: { me.tell(.answered($0)) })
        }
    }
}

extension ShardRegion<Question> {
    /// Asks one question, and waits for the answer.
    func askAndWait(_ entity: String, _ number: Int) throws {
        let (done, failure) = (Gate(), Failure())
        ask(entity, within: .seconds(30), { Question(number: number, replyTo: $0) }) { (result: Result<Answer, _>) in
            if case .failure(let error) = result { failure.note(error) }
            done.open()
        }
        try done.wait(seconds: 60)
        try failure.check()
    }
}
