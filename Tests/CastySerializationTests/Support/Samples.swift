import CastyCore
import CastySerialization

struct Order: Codable, Sendable, Equatable {
    var id: UInt64
    var customer: String
    var count: Int32
    var price: Double
    var tags: [String]
}

struct Nested: Codable, Sendable, Equatable {
    var order: Order
    var others: [Order]
    var note: String?
    var absent: Int?
    var byName: [String: Int]
    var byNumber: [Int: String]
    var matrix: [[Double]]
    var maybe: [Int?]
    var raw: [UInt8]
}

enum Command: Codable, Sendable, Equatable {
    case stop
    case add(Int)
    case move(from: String, to: String, Order?)
    indirect case twice(Command)
}

enum Colour: String, Codable, Sendable, CaseIterable {
    case red, green
}

struct Empty: Codable, Sendable, Equatable {}

/// A list that is one field deeper with every element.
final class Chain: Codable, Sendable, Equatable {
    let next: Chain?

    init(length: Int) { next = length > 1 ? Chain(length: length - 1) : nil }

    static func == (left: Chain, right: Chain) -> Bool { left.next == right.next }
}

class Animal: Codable {
    var name = ""

    init() {}
}

final class Dog: Animal {
    var tricks: [String] = []

    override init() { super.init() }

    private enum CodingKeys: String, CodingKey {
        case tricks
    }

    required init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        tricks = try container.decode([String].self, forKey: .tricks)
        try super.init(from: container.superDecoder())
    }

    override func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try super.encode(to: container.superEncoder())
        try container.encode(tricks, forKey: .tricks)
    }
}

let sampleOrder = Order(id: .max, customer: "Zoë", count: -7, price: 19.99, tags: ["a", "", "ünïcödé"])

let sampleNested = Nested(
    order: sampleOrder, others: [sampleOrder, Order(id: 0, customer: "", count: .min, price: -0.0, tags: [])],
    note: "hi",
    absent: nil, byName: ["one": 1, "two": 2], byNumber: [-1: "minus", 70_000: "many"],
    matrix: [[], [1, 2.5], [.infinity]],
    maybe: [1, nil, 3], raw: [0, 255, 127])
