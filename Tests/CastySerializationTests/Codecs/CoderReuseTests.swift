import CastySerialization
import NIOCore
import Testing

/// A tree, whose values have the keys of their parents.
private final class Tree: Codable {
    let name: String
    let children: [Tree]
    let twin: Tree?

    init(_ name: String, _ children: [Tree] = [], twin: Tree? = nil) {
        self.name = name
        self.children = children
        self.twin = twin
    }

    var text: String { "\(name)(\(children.map(\.text).joined(separator: ","))|\(twin?.text ?? "-"))" }
}

/// Keeps the decoder and a container that it was read with.
private struct Keeping: Codable {
    enum CodingKeys: String, CodingKey { case first, second }

    let first: String
    let decoder: (any Decoder)?
    let container: KeyedDecodingContainer<CodingKeys>?

    init(_ first: String) {
        self.first = first
        decoder = nil
        container = nil
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        first = try container.decode(String.self, forKey: .first)
        self.decoder = decoder
        self.container = container
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(first, forKey: .first)
        try container.encode("second of \(first)", forKey: .second)
    }
}

/// Keeps the container that it was written with.
private final class KeepingEncoder: Encodable {
    enum CodingKeys: String, CodingKey { case number }

    var container: KeyedEncodingContainer<CodingKeys>?

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(1, forKey: .number)
        self.container = container
    }
}

private struct Failing: Codable {
    let number: Int

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(number, forKey: .number)
        if number < 0 { throw EncodingError.invalidValue(number, .init(codingPath: [], debugDescription: "negative")) }
    }
}

@Suite("A coder serves one message after another")
struct CoderReuseTests {
    private let context = CodingContext()

    private func encode(_ value: some Encodable) throws -> ByteBuffer {
        var buffer = ByteBuffer()
        try BinarySerializer().encode(value, context: context, into: &buffer)
        return buffer
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ bytes: ByteBuffer) throws -> Value {
        var bytes = bytes
        return try BinarySerializer().decode(type, from: &bytes, context: context)
    }

    @Test("values with the keys of the values around them")
    func recursion() throws {
        let tree = Tree("a", [Tree("b", [Tree("c")]), Tree("d", twin: Tree("e"))], twin: Tree("f", [Tree("g")]))
        for _ in 0..<5 {
            let bytes = try encode(tree)
            #expect(bytes == (try BinarySerializer().encode(tree).withUnsafeBytes { ByteBuffer(bytes: $0) }))
            #expect(try decode(Tree.self, bytes).text == tree.text)
        }
    }

    @Test("a decoder that outlives its call still reads its own message")
    func outlivingDecoder() throws {
        var kept: [Keeping] = []
        for number in 0..<5 {
            // The bytes are gone when the kept decoders are used.
            kept.append(try decode(Keeping.self, try encode(Keeping("n\(number)"))))
            _ = try decode(Failing.self, try encode(Failing(number: number)))
        }
        for (number, value) in kept.enumerated() {
            #expect(try value.container?.decode(String.self, forKey: .second) == "second of n\(number)")
            let decoder = try #require(value.decoder)
            let again = try decoder.container(keyedBy: Keeping.CodingKeys.self)
            #expect(try again.decode(String.self, forKey: .first) == "n\(number)")
        }
    }

    @Test("a container that outlives its call cannot write into a later message")
    func outlivingEncoder() throws {
        let keeping = KeepingEncoder()
        let expected = try encode(keeping)
        var container = try #require(keeping.container)
        let other = try encode(Failing(number: 3))
        #expect(throws: (any Error).self) { try container.encode(2, forKey: .number) }
        #expect(try encode(Failing(number: 3)) == other)
        #expect(try encode(KeepingEncoder()) == expected)
    }

    @Test("after an error the next message is not affected")
    func errors() throws {
        let good = try encode(Failing(number: 1))
        for number in 0..<20 {
            #expect(throws: EncodingError.self) { try encode(Failing(number: -1)) }
            #expect(try encode(Failing(number: 1)) == good)
            let cut = good.getSlice(at: 0, length: number % good.readableBytes) ?? ByteBuffer()
            #expect(throws: (any Error).self) { try decode(Failing.self, cut) }
            #expect(try decode(Failing.self, good).number == 1)
            #expect(throws: (any Error).self) { try decode(Tree.self, good) }
        }
    }

    @Test("calls on several threads share a context")
    func threads() async throws {
        let context = context
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for task in 0..<4 {
                group.addTask {
                    var count = 0
                    for number in 0..<2000 {
                        var buffer = ByteBuffer()
                        try BinarySerializer().encode(
                            Failing(number: task * 10_000 + number), context: context, into: &buffer)
                        let back = try BinarySerializer().decode(Failing.self, from: &buffer, context: context)
                        count += back.number == task * 10_000 + number ? 1 : 0
                    }
                    return count
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts == [2000, 2000, 2000, 2000])
    }
}
