import CastyCore
import NIOCore
import Testing

@testable import CastySerialization

/// What two versions of a message can read of each other, in both codecs: the table at `TypeRegistry`.
@Suite struct EvolutionTests {
    private struct Base: Codable, Equatable {
        var id = 7
        var note: String? = "n"
    }

    private struct AddedOptional: Codable, Equatable {
        var id = 7
        var note: String? = "n"
        var priority: Int? = 3
    }

    private struct AddedDefault: Codable, Equatable {
        var id = 7
        var note: String? = "n"
        var priority = 3

        init() {}

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            id = try container.decode(Int.self, forKey: .id)
            note = try container.decodeIfPresent(String.self, forKey: .note)
            priority = try container.decodeIfPresent(Int.self, forKey: .priority) ?? 1
        }
    }

    private struct AddedRequired: Codable, Equatable {
        var id = 7
        var note: String? = "n"
        var priority = 3
    }

    private struct RemovedOptional: Codable, Equatable { var id = 7 }

    private struct RemovedRequired: Codable, Equatable { var note: String? = "n" }

    private struct Renamed: Codable, Equatable {
        var number = 7
        var note: String? = "n"

        enum CodingKeys: String, CodingKey {
            case number = "id"
            case note
        }
    }

    private struct RenamedOnly: Codable, Equatable {
        var number = 7
        var note: String? = "n"
    }

    private struct Wider<Number: Codable & Equatable & FixedWidthInteger>: Codable, Equatable {
        var id: Number = 7
    }

    private struct Text: Codable, Equatable { var id = "seven" }

    private struct Outer<Inner: Codable & Equatable>: Codable, Equatable { var inner: Inner }

    private enum OldCase: Codable, Equatable {
        case add(Int)
        case get
    }

    private enum NewCase: Codable, Equatable {
        case add(Int)
        case get
        case clear(all: Bool)
    }

    private enum OldWord: String, Codable { case red, green }
    private enum NewWord: String, Codable { case red, green, blue }

    /// What the other version makes of a value, in each codec: the value, or why not.
    private static func read<Value: Encodable, Other: Decodable & Equatable>(
        _ value: Value, as other: Other.Type
    ) -> [Result<Other, Failure>] {
        func result(_ body: () throws -> Other) -> Result<Other, Failure> {
            do {
                return .success(try body())
            } catch {
                return .failure(Failure(text: UnreadableMessage.explain(error)))
            }
        }
        return [
            result { try JSONSerializer().decode(other, from: try JSONSerializer().encode(value)) },
            result { try BinarySerializer().decode(other, from: try BinarySerializer().encode(value)) },
        ]
    }

    private struct Failure: Error, Equatable { let text: String }

    /// Both codecs read the value as this.
    private static func expect<Value: Encodable, Other: Decodable & Equatable>(
        _ value: Value, reads other: Other, _ location: SourceLocation = #_sourceLocation
    ) {
        #expect(read(value, as: Other.self) == [.success(other), .success(other)], sourceLocation: location)
    }

    /// Both codecs refuse the value, and name what is wrong.
    private static func expect<Value: Encodable, Other: Decodable & Equatable>(
        _ value: Value, as other: Other.Type, fails word: String, _ location: SourceLocation = #_sourceLocation
    ) {
        for result in read(value, as: Other.self) {
            guard case .failure(let failure) = result else {
                Issue.record("\(value) was read as a \(other)", sourceLocation: location)
                continue
            }
            #expect(failure.text.contains(word), "\(failure.text)", sourceLocation: location)
        }
    }

    @Test("an added field is ignored by the old version; the new one finds nil, or its default")
    func addedOptional() {
        Self.expect(AddedOptional(), reads: Base())
        var missing = AddedOptional()
        missing.priority = nil
        Self.expect(Base(), reads: missing)
        var usual = AddedDefault()
        usual.priority = 1
        Self.expect(Base(), reads: usual)
        Self.expect(AddedDefault(), reads: Base())
    }

    @Test("a required field that is added is missed in old messages, by name")
    func addedRequired() {
        Self.expect(AddedRequired(), reads: Base())
        Self.expect(Base(), as: AddedRequired.self, fails: "priority is missing")
    }

    @Test("an optional field may go; a required one is missed by the old version, by name")
    func removed() {
        Self.expect(RemovedOptional(), reads: Base(id: 7, note: nil))
        Self.expect(Base(), reads: RemovedOptional())
        Self.expect(RemovedRequired(), as: Base.self, fails: "id is missing")
        Self.expect(Base(), reads: RemovedRequired())
    }

    @Test("a renamed field under its old key is the same; without it, it is another field")
    func renamed() {
        Self.expect(Renamed(), reads: Base())
        Self.expect(Base(), reads: Renamed())
        Self.expect(RenamedOnly(), as: Base.self, fails: "id is missing")
        Self.expect(Base(), as: RenamedOnly.self, fails: "number is missing")
    }

    @Test("integers of other widths are read while their value fits; text is no number")
    func retyped() {
        Self.expect(Wider<Int16>(), reads: Wider<Int64>())
        Self.expect(Wider<Int64>(), reads: Wider<Int16>())
        Self.expect(Wider<UInt32>(), reads: Wider<Int>())
        Self.expect(Wider<Int64>(id: 70_000), as: Wider<Int16>.self, fails: "id")
        Self.expect(Wider<Int>(id: -1), as: Wider<UInt>.self, fails: "id")
        Self.expect(Text(), as: Wider<Int>.self, fails: "id")
        Self.expect(Wider<Int>(), as: Text.self, fails: "id")
        Self.expect(Outer(inner: Text()), as: Outer<Wider<Int>>.self, fails: "inner.id")
        Self.expect(Outer(inner: Base()), as: Outer<AddedRequired>.self, fails: "inner.priority is missing")
    }

    @Test("of an enum with a new case the old version reads the others")
    func cases() {
        Self.expect(OldCase.add(3), reads: NewCase.add(3))
        Self.expect(NewCase.get, reads: OldCase.get)
        Self.expect(NewCase.clear(all: true), as: OldCase.self, fails: "a case that this version does not know")
        Self.expect([NewWord.green], reads: [OldWord.green])
        Self.expect([NewWord.blue], as: [OldWord].self, fails: "blue")
    }
}
