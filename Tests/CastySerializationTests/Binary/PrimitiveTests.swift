import CastyCore
import CastySerialization
import CastyTestSupport
import NIOCore
import Testing

@Suite("Binary primitives")
struct PrimitiveTests {
    @Test("CRC32C has the value of its standard, in any number of pieces")
    func checksum() {
        #expect(CRC32C.checksum(of: Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.checksum(of: [UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum(of: [UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.checksum(of: []) == 0)
        let bytes = (0..<100).map { UInt8($0) }
        for cut in 0...100 {
            var checksum = CRC32C()
            bytes[..<cut].withUnsafeBytes { checksum.update($0) }
            bytes[cut...].withUnsafeBytes { checksum.update($0) }
            #expect(checksum.value == CRC32C.checksum(of: bytes))
        }
    }

    @Test("the processor's instruction and the tables compute the same checksum", arguments: UInt64(1)...50)
    func checksumByTables(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        // Beginning at any place in a word, in pieces of any length.
        let bytes = (0..<random.below(3000) + 16).map { _ in UInt8(random.below(256)) }
        let start = random.below(16)
        let cut = start + random.below(bytes.count - start + 1)
        var (byInstruction, byTables) = (CRC32C(), CRC32C())
        bytes.withUnsafeBytes { bytes in
            for piece in [bytes[start..<cut], bytes[cut...]] {
                byInstruction.update(UnsafeRawBufferPointer(rebasing: piece))
                byTables.updateByTables(UnsafeRawBufferPointer(rebasing: piece))
            }
        }
        #expect(byInstruction.value == byTables.value)
        var known = CRC32C()
        Array("123456789".utf8).withUnsafeBytes { known.updateByTables($0) }
        #expect(known.value == 0xE306_9283)
    }

    @Test(
        "numbers come back, in the fewest bytes",
        arguments: [(0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (.max, 10)])
    func varint(value: UInt64, size: Int) throws {
        var buffer = ByteBuffer()
        buffer.writeVarint(value)
        #expect(buffer.readableBytes == size)
        #expect(try buffer.readVarint() == value)
    }

    @Test("signed numbers come back", arguments: [0, -1, 1, .min, .max, -1_000_000])
    func zigZag(value: Int64) throws {
        var buffer = ByteBuffer()
        buffer.writeZigZag(value)
        #expect(try buffer.readZigZag() == value)
        buffer.writeZigZag(-64)
        #expect(buffer.readableBytes == 1)
    }

    @Test("a number that is cut short or exceeds 64 bits is refused")
    func badVarint() {
        var short = ByteBuffer(bytes: [0x80])
        #expect(throws: WireError.self) { try short.readVarint() }
        var long = ByteBuffer(bytes: [UInt8](repeating: 0xFF, count: 9) + [0x02])
        #expect(throws: WireError.self) { try long.readVarint() }
        var endless = ByteBuffer(bytes: [UInt8](repeating: 0x80, count: 20))
        #expect(throws: WireError.self) { try endless.readVarint() }
    }

    @Test("a count that the bytes cannot hold is refused before anything is reserved")
    func counts() {
        var buffer = ByteBuffer()
        buffer.writeVarint(UInt64.max)
        #expect(throws: WireError.self) { try buffer.readCount() }
        buffer = ByteBuffer()
        buffer.writeVarint(10)
        buffer.writeBytes([UInt8](repeating: 0, count: 19))
        #expect(throws: WireError.self) {
            try buffer.readArray(elementSize: 2) { buffer throws(WireError) in try buffer.readByte() }
        }
        buffer = ByteBuffer()
        buffer.writeText("five!")
        #expect(throws: WireError.self) { try buffer.readText(upTo: 4) }
        buffer = ByteBuffer(bytes: [2, 0xC3])
        #expect(throws: WireError.self) { try buffer.readText() }
        buffer = ByteBuffer(bytes: [2, 0xC3, 0x28])
        #expect(throws: WireError.self) { try buffer.readText() }
    }

    @Test("texts, bytes, lists and absent values come back")
    func values() throws {
        var buffer = ByteBuffer()
        buffer.writeText("ünï")
        buffer.writeBlob(ByteBuffer(string: "blob"))
        buffer.writeArray([nodeA, nodeB])
        buffer.writeOptional(uniqueA)
        buffer.writeOptional(nil as UniqueAddress?)
        buffer.writeBool(true)
        buffer.writeDouble(-0.5)
        #expect(try buffer.readText() == "ünï")
        #expect(try buffer.readBlob() == ByteBuffer(string: "blob"))
        #expect(try buffer.readArray(of: NodeAddress.self) == [nodeA, nodeB])
        #expect(try buffer.readOptional(UniqueAddress.self) == uniqueA)
        #expect(try buffer.readOptional(UniqueAddress.self) == nil)
        #expect(try buffer.readBool())
        #expect(try buffer.readDouble() == -0.5)
        #expect(buffer.readableBytes == 0)
    }

    @Test("addresses and times come back; cut short at any byte they are refused")
    func addresses() throws {
        try roundTrip(nodeA)
        try roundTrip(uniqueB)
        try roundTrip(actor("cart 17/ß", .max))
        try roundTrip(Instant(nanoseconds: -5))
        try roundTrip(Instant.distantFuture)
        try roundTrip(Duration.milliseconds(-1500))
    }

    private func roundTrip<Value: NativeCodable & Equatable>(_ value: Value) throws {
        var buffer = ByteBuffer()
        value.encode(into: &buffer)
        var whole = buffer
        #expect(try Value(from: &whole) == value)
        #expect(whole.readableBytes == 0)
        for size in 0..<buffer.readableBytes {
            var cut = try #require(buffer.getSlice(at: buffer.readerIndex, length: size))
            #expect(throws: WireError.self) { try Value(from: &cut) }
        }
    }

    @Test(
        "what no address can be is refused", arguments: ["", "a b", "a/b", "a@b", "[::1]", "a#", "a%", "\u{7F}", "\n"])
    func badHost(host: String) {
        var buffer = ByteBuffer()
        buffer.writeText(host)
        buffer.writeVarint(1)
        #expect(throws: WireError.self) { try NodeAddress(from: &buffer) }
    }

    @Test("an empty path, an empty name, a port above 65535 and incarnation zero are refused")
    func badAddresses() {
        var buffer = ByteBuffer()
        ActorAddress(system: "s", node: nodeA, path: [], uid: 1).encode(into: &buffer)
        #expect(throws: WireError.self) { try ActorAddress(from: &buffer) }
        buffer = ByteBuffer()
        ActorAddress(system: "s", node: nodeA, path: ["a", ""], uid: 1).encode(into: &buffer)
        #expect(throws: WireError.self) { try ActorAddress(from: &buffer) }
        buffer = ByteBuffer()
        ActorAddress(system: "s", node: nodeA, path: [String](repeating: "a", count: 65), uid: 1).encode(into: &buffer)
        #expect(throws: WireError.self) { try ActorAddress(from: &buffer) }
        buffer = ByteBuffer()
        buffer.writeText("h")
        buffer.writeVarint(65_536)
        #expect(throws: WireError.self) { try NodeAddress(from: &buffer) }
        buffer = ByteBuffer()
        UniqueAddress(address: nodeA, incarnation: 0).encode(into: &buffer)
        #expect(throws: WireError.self) { try UniqueAddress(from: &buffer) }
    }
}
