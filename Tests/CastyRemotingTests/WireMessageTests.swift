import CastyActors
import CastyCore
import CastySerialization
import Testing

@testable import CastyRemoting

/// A message that writes its own bytes, with a reference to answer to.
private enum Sum: WireCodable {
    case add([Int])
    case total(replyTo: ActorRef<Int>)

    func encode(into writer: inout WireWriter) {
        switch self {
        case .add(let numbers):
            writer.write(case: 0)
            writer.write(numbers) { writer, number in writer.write(number) }
        case .total(let replyTo):
            writer.write(case: 1)
            writer.write(replyTo)
        }
    }

    init(from reader: inout WireReader) throws(WireReadError) {
        switch try reader.readCase() {
        case 0: self = .add(try reader.readArray { reader throws(WireReadError) in try reader.readInt() })
        case 1: self = .total(replyTo: try reader.read())
        case let other: throw .unknownCase(other)
        }
    }
}

@Suite("Messages with a hand-written form between nodes")
struct WireMessageTests {
    private static var summing: Behavior<Sum> {
        .stateful(0) { total, _, message in
            switch message {
            case .add(let numbers): total += numbers.reduce(0, +)
            case .total(let replyTo): replyTo.tell(total)
            }
            return .same
        }
    }

    @Test(
        "arrive in order, with references that work, whichever codec the nodes agree on",
        arguments: [CodecID.json, .binary])
    func story(codec: CodecID) async throws {
        let world = SimulatedTestWorld(seed: 3)
        var settings = RemotingSettings()
        settings.codec = codec
        let (a, b) = (try world.startNow(1, settings), try world.startNow(2, settings))
        let remote = a.reference(to: try b.system.spawn(Self.summing, name: "sum"))
        for number in 1...100 { remote.tell(.add([number, -1])) }
        let answers = Record<Int>()
        a.system.ask(remote, within: .seconds(10), { Sum.total(replyTo: $0) }) { result in
            answers.add((try? result.get()) ?? -1)
        }
        #expect(world.run(until: { answers.count == 1 }))
        #expect(answers.all == [4950])
        #expect(a.system.losses.isEmpty)
        await world.end()
    }
}
