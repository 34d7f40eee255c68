import Foundation
import Testing

@testable import CastyCommand

@Suite("The channel between the console and a worker")
struct ChannelTests {
    private static func pair() throws -> (Channel, Channel) {
        let (left, right) = try #require(Channel.pair())
        return (Channel(left), Channel(right))
    }

    /// A channel and the bare descriptor of its other end.
    private static func open() throws -> (Channel, Int32) {
        let (left, right) = try #require(Channel.pair())
        return (Channel(left), right)
    }

    @Test("messages arrive whole and in order")
    func order() throws {
        let (left, right) = try Self.pair()
        try left.send(WorkerOrder.request("kill n3"))
        try left.send(WorkerOrder.preview(["n1", "n2"]))
        #expect(try right.receive(WorkerOrder.self, waits: true) == .request("kill n3"))
        #expect(try right.receive(WorkerOrder.self, waits: true) == .preview(["n1", "n2"]))
        #expect(try right.receive(WorkerOrder.self, waits: false) == nil)
    }

    @Test("a message that comes byte by byte is read when it is complete")
    func dripped() throws {
        let (left, bare) = try Self.open()
        let (source, sink) = try Self.open()
        defer { close(bare) }
        defer { close(sink) }
        try source.send(WorkerOrder.request("pause"))
        var bytes = [UInt8](repeating: 0, count: 1000)
        let count = read(sink, &bytes, bytes.count)
        for index in 0..<count {
            #expect(try left.receive(WorkerOrder.self, waits: false) == nil)
            #expect(write(bare, &bytes[index], 1) == 1)
        }
        #expect(try left.receive(WorkerOrder.self, waits: false) == .request("pause"))
    }

    @Test("a descriptor comes with its message, and leads to the same channel")
    func passed() throws {
        let (left, right) = try Self.pair()
        let (inner, outer) = try #require(Channel.pair())
        try left.send(WorkerOrder.stay, passing: outer)
        close(outer)
        #expect(try right.receive(WorkerOrder.self, waits: true) == .stay)
        try Channel(inner).send(WorkerOrder.stay)
        let arrived = Channel(try right.takeDescriptor())
        #expect(try arrived.receive(WorkerOrder.self, waits: true) == .stay)
        #expect(throws: Channel.Problem.self) { try right.takeDescriptor() }
    }

    @Test("a closed end is a problem, not a trap")
    func closed() throws {
        let (left, right) = try Self.pair()
        right.close()
        #expect(throws: Channel.Problem.closed) { try left.receive(WorkerOrder.self, waits: true) }
        #expect(throws: Channel.Problem.closed) { try left.send(WorkerOrder.stay) }
    }

    @Test(
        "what is no message is a problem, not a trap",
        arguments: [
            [0xff, 0xff, 0xff, 0xff], [0, 0, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 3, 0xff, 0xff, 0xff],
            [0, 0, 0, 5, 1, 2, 3, 4, 5],
        ] as [[UInt8]])
    func malformed(_ bytes: [UInt8]) throws {
        let (left, bare) = try Self.open()
        defer { close(bare) }
        #expect(write(bare, bytes, bytes.count) == bytes.count)
        #expect(throws: Channel.Problem.self) { try left.receive(WorkerReport.self, waits: false) }
    }
}
