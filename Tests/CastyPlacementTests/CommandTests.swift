import CastyCore
import Testing

@testable import CastyPlacement

private let first = CoordinatorEpoch(upNumber: 1, start: 1)
private let second = CoordinatorEpoch(upNumber: 2, start: 1)

private func at(_ milliseconds: Int) -> Instant { .start + .milliseconds(milliseconds) }

private func view(of own: Int, _ numbers: [Int]) -> PlacementView {
    PlacementView(own: node(own), members: numbers.map { PlacementMember(node: node($0), upNumber: $0) })
}

private let settings = {
    var settings = PlacementSettings()
    settings.shardCount = 6
    return settings
}()

/// The region of node 3, registered with the coordinator on node 1.
private func region() -> Region<String> {
    var region = Region<String>(own: node(3), settings: settings)
    _ = region.onView(view(of: 3, [1, 2, 3]), at: at(0))
    _ = region.onMessage(.order(first, .registered(number: 1, intents: Intents())), from: node(1), at: at(1))
    return region
}

/// An active coordinator on node 1 with an empty region on each of these nodes.
private func coordinator(_ numbers: [Int]) -> ShardCoordinator {
    var coordinator = ShardCoordinator(own: node(1), settings: settings)
    _ = coordinator.onView(view(of: 1, numbers), at: at(0))
    for number in numbers {
        _ = coordinator.onRequest(
            .register(Registration(number: 1, shardCount: 6, accepts: true)), from: node(number), at: at(0))
    }
    return coordinator
}

private func answers(_ effects: [CoordinatorEffect]) -> [CommandAnswer] {
    effects.compactMap { if case .send(_, _, .answer(_, let answer)) = $0 { answer } else { nil } }
}

/// An operator's command is answered when what it asks for is safe, and always within a bound.
@Suite("Operators' commands")
struct CommandTests {
    private let drain = OperatorCommand.drain(node(2).address)

    @Test("A command given to the own node is answered when another region knows what it asked for")
    func confirmed() {
        var coordinator = coordinator([1, 2])
        let effects = coordinator.onRequest(.command(id: 7, drain), from: node(1), at: at(10))
        #expect(answers(effects) == [])
        let version = coordinator.status(at: at(10)).intents.version
        let own = coordinator.onRequest(.intentsKnown(version), from: node(1), at: at(20))
        #expect(answers(own) == [])
        let other = coordinator.onRequest(.intentsKnown(version), from: node(2), at: at(30))
        #expect(answers(other) == [.accepted(moves: 0)])
        #expect(answers(coordinator.onRequest(.intentsKnown(version), from: node(2), at: at(40))) == [])
    }

    @Test("Another node is answered at once, after it was sent the intents")
    func remote() {
        var coordinator = coordinator([1, 2])
        let effects = coordinator.onRequest(.command(id: 7, drain), from: node(2), at: at(10))
        let sent = effects.compactMap { effect -> CoordinatorOrder? in
            if case .send(let to, _, let order) = effect, to == node(2) { order } else { nil }
        }
        #expect(sent == [.intents(coordinator.status(at: at(10)).intents), .answer(id: 7, .accepted(moves: 0))])
    }

    @Test("Where the last other region is gone, and where there is none, nothing is waited for")
    func alone() {
        var coordinator = coordinator([1, 2])
        #expect(answers(coordinator.onRequest(.command(id: 7, .pause), from: node(1), at: at(10))) == [])
        #expect(answers(coordinator.onView(view(of: 1, [1]), at: at(20))) == [.accepted(moves: 0)])
        #expect(
            answers(coordinator.onRequest(.command(id: 8, .resume), from: node(1), at: at(30))) == [.accepted(moves: 0)]
        )
    }

    @Test("A command that a coordinator has not answered is given to the next one")
    func repeated() {
        var region = region()
        let request = RegionEffect<String>.send(to: node(1), .request(.command(id: 7, drain)))
        #expect(region.onCommand(drain, id: 7, at: at(10)) == [request])
        _ = region.onView(view(of: 3, [2, 3]), at: at(100))
        _ = region.onMessage(.order(second, .announce), from: node(2), at: at(110))
        let effects = (2...3).flatMap { number in
            region.onMessage(
                .order(second, .registered(number: number, intents: Intents())), from: node(2), at: at(120))
        }
        #expect(effects.contains(.send(to: node(2), .request(.command(id: 7, drain)))))
        let answer = CommandAnswer.accepted(moves: 3)
        #expect(
            region.onMessage(.order(second, .answer(id: 7, answer)), from: node(2), at: at(130)) == [
                .note(.answer(id: 7, answer))
            ])
        #expect(region.onMessage(.order(second, .answer(id: 7, answer)), from: node(2), at: at(140)) == [])
    }

    @Test("A shard that the type does not have is refused where it was named", arguments: [-1, .min, 16, .max])
    func noSuchShard(shard: Int) {
        for command in [OperatorCommand.unpin(shard: shard), .move(shard: shard, to: node(1).address)] {
            var region = region()
            #expect(
                region.onCommand(command, id: 7, at: at(10)) == [.note(.answer(id: 7, .refused(.noSuchShard)))])
        }
    }

    @Test("A coordinator that cannot act yet is asked again")
    func notYet() {
        var region = region()
        _ = region.onCommand(drain, id: 7, at: at(10))
        #expect(
            region.onMessage(.order(first, .answer(id: 7, .refused(.noCoordinator))), from: node(1), at: at(20)) == [])
        #expect(region.onWakeup(at: at(269)) == [])
        #expect(region.onWakeup(at: at(270)) == [.send(to: node(1), .request(.command(id: 7, drain)))])
    }

    @Test("Without an answer its sender gets an error after the bound, whether or not there was a coordinator")
    func bounded() {
        var known = region()
        _ = known.onCommand(drain, id: 7, at: at(10))
        #expect(!known.onWakeup(at: at(10_009)).contains(.note(.answer(id: 7, .refused(.noAnswer)))))
        #expect(known.onWakeup(at: at(10_010)) == [.note(.answer(id: 7, .refused(.noAnswer)))])
        var lonely = Region<String>(own: node(3), settings: settings)
        #expect(lonely.onCommand(drain, id: 8, at: at(10)) == [])
        #expect(lonely.wakeAt == at(10_010))
        #expect(lonely.onWakeup(at: at(10_010)) == [.note(.answer(id: 8, .refused(.noCoordinator)))])
        #expect(lonely.onWakeup(at: at(20_010)) == [])
    }
}
