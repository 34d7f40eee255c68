import CastyActors
import CastyCore
import CastySerialization
import Dispatch
import Glibc
import Testing

@testable import CastyRemoting

/// The threads that serve the two lanes over real TCP.
@Suite(.timeLimit(.minutes(10)))
struct LiveLaneTests {
    /// A message whose decoder hangs until it is let go.
    private struct Stuck: Sendable {}

    private static func register(_ node: TestNode, until isFree: DispatchSemaphore) throws {
        try node.system.registry.register(
            Stuck.self, name: "stuck",
            codec: MessageCodec(
                encode: { _, _, buffer in buffer.writeBool(true) },
                decode: { buffer, _ in
                    _ = try buffer.readBool()
                    isFree.wait()
                    return Stuck()
                }))
    }

    @Test(
        "A decoder of users' messages that hangs delays no control message, whichever end dialled",
        arguments: [true, false])
    func hangingDecoder(isDialledHere: Bool) async throws {
        let world = try await LiveTestWorld()
        let (a, b) = (try await world.start(1), try await world.start(2))
        let isFree = DispatchSemaphore(value: 0)
        for node in [a, b] { try Self.register(node, until: isFree) }
        let (numbers, stuck) = (Record<Int>(), Record<Bool>())
        let receiver = try b.system.spawn(
            Behavior<Stuck>.receive { _, _ in
                stuck.add(true)
                return .same
            }, name: "stuck")
        let other = try b.system.spawn(Stories.collector(numbers), name: "other")
        _ = try b.system.spawnSystem(Stories.collector(numbers), name: "r")
        if isDialledHere {
            a.reference(to: other).tell(0)
        } else {
            // The receiving end has dialled for the user lane.
            let back = Record<Int>()
            b.reference(to: try a.system.spawn(Stories.collector(back), name: "back")).tell(0)
            #expect(await world.wait { back.count == 1 })
            a.reference(to: other).tell(0)
        }
        #expect(await world.wait { numbers.count == 1 })
        a.reference(to: receiver).tell(Stuck())
        let system = a.published(["system", "r"], at: b.address, as: Int.self)
        for number in 1...100 { system.tell(number) }
        #expect(await world.wait { numbers.count == 101 })
        #expect(stuck.count == 0)
        isFree.signal()
        #expect(await world.wait { stuck.count == 1 })
        await world.end()
    }

    @Test("Sockets are closed when the process starts another program")
    func closeOnExec() async throws {
        let world = try await LiveTestWorld()
        let (a, b) = (try await world.start(1), try await world.start(2))
        let got = Record<Int>()
        a.reference(to: try b.system.spawn(Stories.collector(got), name: "r")).tell(1)
        #expect(await world.wait { got.count == 1 })
        let port = a.address.port
        // Looked at again where another test opens sockets at this very moment.
        #expect(await world.wait { Self.sockets(at: port).count >= 4 && Self.sockets(at: port).allSatisfy { $0 } })
        await world.end()
    }

    /// Of each socket of this process that is bound to the port, or connected to it, whether it is closed on exec.
    private static func sockets(at port: Int) -> [Bool] {
        (0..<Int32(1024)).compactMap { descriptor in
            let ports = [portOf(descriptor, getsockname), portOf(descriptor, getpeername)]
            return ports.contains(port) ? fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0 : nil
        }
    }

    private static func portOf(
        _ descriptor: Int32,
        _ name: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> Int? {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name(descriptor, $0, &length) }
        }
        return result == 0 && address.sin_family == sa_family_t(AF_INET)
            ? Int(UInt16(bigEndian: address.sin_port)) : nil
    }
}
