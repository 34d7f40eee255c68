import CastyCore
import CastyMembership
import CastySerialization
import NIOCore
import Testing

@testable import CastyCluster

@Suite("States in pages") struct GossipPagesTests {
    private static func node(_ number: Int) -> UniqueAddress {
        UniqueAddress(
            address: NodeAddress(host: "n\(number)." + String(repeating: "x", count: 240), port: 25_520),
            incarnation: UInt64(number))
    }

    /// A state of 400 members with long names: about 100 kB.
    private static func envelope(from number: Int = 1) -> ClusterEnvelope {
        let members = (1...400).map { Member(node: node($0), status: .up, upNumber: UInt32($0)) }
        let gossip = Gossip(
            members: members, reachability: [], tombstones: [], version: VectorClock(), seen: [node(1)])
        return ClusterEnvelope(from: node(number), to: node(2), message: .gossipEnvelope(gossip))
    }

    private static func travelled(_ page: EnvelopePage) throws -> EnvelopePage {
        var buffer = ByteBuffer()
        page.encode(into: &buffer)
        #expect(buffer.readableBytes <= 33_000)
        return try EnvelopePage(from: &buffer)
    }

    @Test("an envelope that is too large for a message arrives in pages unchanged, even while other nodes send theirs")
    func whole() throws {
        var assembly = PageAssembly()
        let (first, second) = (Self.envelope(), Self.envelope(from: 3))
        let pages = [first, second].map { EnvelopePage.pages(of: $0, number: 7, size: 32_000) }
        #expect(pages[0].count > 3)
        var arrived: [ClusterEnvelope] = []
        for index in pages[0].indices {
            for sender in pages {
                let envelope = try assembly.take(try Self.travelled(sender[index]), at: .start)
                if let envelope { arrived.append(envelope) }
            }
        }
        #expect(arrived.map(\.from) == [first.from, second.from])
        #expect(arrived.map(\.message) == [first.message, second.message])
    }

    @Test("a page that is missing, repeated or of another envelope spoils that envelope and not the next")
    func gaps() throws {
        let pages = EnvelopePage.pages(of: Self.envelope(), number: 1, size: 32_000)
        let next = EnvelopePage.pages(of: Self.envelope(), number: 2, size: 32_000)
        for wrong in [Array(pages.dropFirst()), [pages[0]] + pages.dropFirst(2), [pages[0]] + pages.dropLast()] {
            var assembly = PageAssembly()
            for page in wrong { #expect(try assembly.take(page, at: .start) == nil) }
            var last: ClusterEnvelope?
            for page in next { last = try assembly.take(page, at: .start) }
            #expect(last == Self.envelope())
        }
    }

    @Test("pages may not hold another one's envelope, nor more pages than there may be")
    func forged() throws {
        var assembly = PageAssembly()
        let forged = EnvelopePage.pages(of: Self.envelope(), number: 1, size: 32_000).map {
            EnvelopePage(
                from: Self.node(9), to: $0.to, number: $0.number, index: $0.index, count: $0.count, bytes: $0.bytes)
        }
        #expect(throws: WireError.self) { for page in forged { _ = try assembly.take(page, at: .start) } }
        for (index, count) in [(0, 0), (3, 3), (0, 100_000)] {
            var buffer = ByteBuffer()
            EnvelopePage(from: Self.node(1), to: nil, number: 1, index: index, count: count, bytes: ByteBuffer())
                .encode(into: &buffer)
            #expect(throws: WireError.self) { try EnvelopePage(from: &buffer) }
        }
    }

    @Test("senders that never finish take a bounded place, and the latest ones get it")
    func bounded() throws {
        var assembly = PageAssembly()
        let pages = EnvelopePage.pages(of: Self.envelope(), number: 1, size: 32_000)
        func page(_ index: Int, from number: Int) -> EnvelopePage {
            EnvelopePage(
                from: Self.node(number), to: pages[index].to, number: 1, index: index, count: pages.count,
                bytes: pages[index].bytes)
        }
        for number in 10..<(10 + PageAssembly.mostSenders) {
            #expect(try assembly.take(page(0, from: number), at: .start) == nil)
        }
        var last: ClusterEnvelope?
        for index in pages.indices { last = try assembly.take(page(index, from: 1), at: .start) }
        #expect(last == Self.envelope())
    }

    @Test("what stays unfinished is forgotten after a while, and takes a bounded number of bytes until then")
    func unfinished() throws {
        var assembly = PageAssembly()
        let part = ByteBuffer(bytes: Array(repeating: 0, count: 1 << 20))
        var most = 0
        for index in 0..<40 {
            for number in 1...4 {
                let page = EnvelopePage(
                    from: Self.node(number), to: nil, number: 1, index: index, count: 256, bytes: part)
                #expect(try assembly.take(page, at: .start + .milliseconds(index)) == nil)
                most = max(most, assembly.bytes)
                #expect(assembly.bytes <= PageAssembly.mostBytes)
            }
        }
        #expect(most == PageAssembly.mostBytes)
        assembly.expire(at: .start + PageAssembly.patience)
        #expect(assembly.bytes > 0)
        assembly.expire(at: .start + PageAssembly.patience + .milliseconds(40))
        #expect(assembly.bytes == 0)
    }
}
