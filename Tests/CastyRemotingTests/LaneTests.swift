import CastyActors
import CastyCore
import CastyObservability
import CastySerialization
import NIOCore
import Testing

@testable import CastyRemoting

@Suite struct LaneTests {
    private let destinations = (0..<3).map { number in
        Destination(
            address: ActorAddress(
                system: "s", node: NodeAddress(host: "h", port: 1), path: ["user", "a\(number)"], uid: UInt64(number)),
            wireType: "t", type: Int.self, lane: .user)
    }

    @Test("A lane is a bounded queue, however it is filled, drawn from and purged", arguments: Array(UInt64(1)...50))
    func model(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let bound = destinations[0].headerBound
        var lane = Lane(limits: QueueLimits(count: 20, bytes: 20 * bound + 150))
        var model: [(number: UInt64, size: Int)] = []
        var next = 0
        for _ in 0..<500 {
            switch generator.below(10) {
            case 0..<6:
                let number = generator.below(3)
                let payload = ByteBuffer(repeating: UInt8(next & 0xFF), count: generator.below(20))
                let fits =
                    model.count < 20
                    && model.reduce(bound + payload.readableBytes) { $0 + $1.size + bound } <= 20 * bound + 150
                let delivery = lane.append(destinations[number], .binary, .user, payload)
                if case .accepted = delivery {
                    #expect(fits)
                    model.append((UInt64(number), payload.readableBytes))
                } else {
                    #expect(!fits)
                }
                next += 1
            case 6..<9:
                var batch = lane.beginFlush()
                var flushed = Flushed()
                for _ in 0..<generator.below(8) {
                    guard let frame = batch.first else { break }
                    batch.removeFirst()
                    let expected = model.removeFirst()
                    #expect(frame.destination.address.uid == expected.number && frame.length == expected.size)
                    flushed.count += 1
                    flushed.bytes += frame.length + bound
                }
                lane.endFlush(&batch, flushed)
            default:
                let removed = lane.remove { $0.destination.address.uid == 1 }
                #expect(removed.count == model.count { $0.number == 1 })
                model.removeAll { $0.number == 1 }
            }
            #expect(lane.count == model.count)
            #expect(lane.bytes == model.reduce(0) { $0 + $1.size + bound })
        }
    }

    @Test(
        "Through any number of connections each signal takes effect once and in order",
        arguments: Array(UInt64(1)...100))
    func window(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let address = destinations[0].address
        var (sender, receiver) = (SignalWindow(), SignalWindow())
        var (sent, arrived) = (0, 0)
        // What is under way in the one connection there is at a time.
        var toReceiver: [(number: UInt64, port: Int)] = []
        var toSender: [UInt64] = []
        func connect() {
            toReceiver = []
            toSender = []
            sender.connectionBegan()
            receiver.connectionBegan()
        }
        connect()
        for step in 0..<2000 {
            switch generator.below(step < 1500 ? 12 : 11) {
            case 0..<3:
                sent += 1
                let node = NodeAddress(host: "h", port: sent)
                let named = ActorAddress(system: "s", node: node, path: ["w"], uid: 1)
                sender.append(.watch(watcher: named, watched: address))
            case 3..<5:
                let said = sender.take(limit: 3)
                for (offset, signal) in said.signals.enumerated() {
                    if case .watch(let watcher, _) = signal {
                        toReceiver.append((said.first + UInt64(offset), watcher.node.port))
                    }
                }
            case 5..<7: if let number = receiver.take(limit: 3).acknowledgement { toSender.append(number) }
            case 7..<9:
                guard !toReceiver.isEmpty else { break }
                let (number, port) = toReceiver.removeFirst()
                switch receiver.onArrival(number) {
                case .new:
                    #expect(port == arrived + 1)
                    arrived += 1
                case .duplicate: #expect(port <= arrived)
                case .gap: Issue.record("seed \(seed): signal \(number) out of turn")
                }
            case 9..<11: if !toSender.isEmpty { sender.onAcknowledgement(toSender.removeFirst()) }
            default: connect()
            }
        }
        #expect(arrived > 100)
        #expect(sender.count <= sent - arrived + 20)
    }

    @Test(
        "An acknowledgement of more signals than there ever were cannot break the window",
        arguments: [1, .max / 2, .max / 2 + 1, .max - 1, .max] as [UInt64])
    func hostileAcknowledgement(number: UInt64) {
        var window = SignalWindow()
        window.connectionBegan()
        window.onAcknowledgement(0)
        window.onAcknowledgement(number)
        _ = window.take(limit: 10)
        #expect(window.onArrival(.max) == .gap)
        #expect(window.onArrival(1) == .new)
    }
}
