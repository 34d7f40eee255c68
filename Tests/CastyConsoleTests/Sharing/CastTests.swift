import CastyObservability
import Foundation
import Testing

@testable import CastyConsole

@Suite("Films of the screen")
struct CastTests {
    /// A terminal that understands what a film uses: it shows what a player would.
    private struct Player {
        var cells: [[Cell]]
        private var (x, y) = (0, 0)
        private var style = Style.plain

        init(width: Int, height: Int) {
            cells = Array(repeating: Array(repeating: .blank, count: width), count: height)
        }

        mutating func show(_ text: String) throws {
            var rest = Array(text.unicodeScalars)[...]
            while let scalar = rest.popFirst() {
                guard scalar == "\u{1B}" else {
                    guard case .columns(let width) = CharacterWidth.of(scalar.value) else {
                        Issue.record("hostile character in a film")
                        return
                    }
                    cells[y][x] = Cell(scalar.value, style, width: UInt16(width))
                    if width == 2 { cells[y][x + 1] = Cell(0, style, width: 0) }
                    x = min(x + width, cells[y].count - 1)
                    continue
                }
                let bracket = rest.popFirst()
                try #require(bracket == "[")
                let end = try #require(rest.firstIndex { $0.properties.isAlphabetic })
                let body = String(String.UnicodeScalarView(rest[..<end]))
                let command = rest[end]
                rest = rest[(end + 1)...]
                carryOut(command, body)
            }
        }

        private mutating func carryOut(_ command: Unicode.Scalar, _ body: String) {
            let numbers = body.split(separator: ";").compactMap { Int($0) }
            switch command {
            case "H": (y, x) = (numbers[0] - 1, numbers[1] - 1)
            case "J": for row in cells.indices { cells[row] = cells[row].map { _ in .blank } }
            case "m": setStyle(numbers)
            case "h", "l": break
            default: Issue.record("unknown command \(command)")
            }
        }

        private mutating func setStyle(_ numbers: [Int]) {
            style = .plain
            var rest = numbers[...]
            while let number = rest.popFirst() {
                switch number {
                case 1: style = style.with(.bold)
                case 2: style = style.with(.dim)
                case 4: style = style.with(.underline)
                case 7: style = style.with(.reverse)
                case 38:
                    rest.removeFirst()
                    style.foreground = Int16(rest.removeFirst())
                case 48:
                    rest.removeFirst()
                    style.background = Int16(rest.removeFirst())
                default: break
                }
            }
        }
    }

    private struct Header: Decodable {
        let version: Int
        let width: Int
        let height: Int
        let title: String
    }

    private func events(_ lines: some Sequence<String>) throws -> [(time: Double, kind: String, text: String)] {
        try lines.map { line in
            let list = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [Any])
            return (
                try #require(list[0] as? Double), try #require(list[1] as? String), try #require(list[2] as? String)
            )
        }
    }

    @Test("a player that shows only the changes has each picture exactly")
    func changes() throws {
        var console = Fixture(width: 80, height: 24)
        console.cluster.entities = 40
        var cast = Cast(start: 10)
        var player = Player(width: 80, height: 24)
        var sizes: [Int] = []
        for step in 0..<40 {
            if step == 10 { console.cluster.silence(3, .killed) }
            if step == 20 { console.type(":") }
            if step == 25 { console.press(.escape) }
            console.run(1)
            guard let line = cast.add(console.picture, at: 10 + Double(step) / 10) else { continue }
            let event = try #require(try events([line]).first)
            #expect(event.kind == "o")
            #expect(abs(event.time - Double(step) / 10) < 0.001)
            try player.show(event.text)
            #expect(player.cells.flatMap(\.self).map(\.scalar) == console.picture.cells.map(\.scalar))
            #expect(player.cells.flatMap(\.self).map(\.style) == console.picture.cells.map(\.style))
            sizes.append(event.text.utf8.count)
        }
        #expect(sizes.dropFirst().max() ?? .max < sizes[0], "changes are smaller than the whole")
    }

    @Test("the same picture adds nothing, another size is a resize and a whole picture, time never goes back")
    func sizes() throws {
        var cast = Cast(start: 0)
        var buffer = CellBuffer(width: 10, height: 2)
        buffer.put("漢\"\\", x: 0, y: 0, .plain)
        #expect(cast.add(buffer, at: 5) != nil)
        #expect(cast.add(buffer, at: 6) == nil)
        let resized = cast.add(CellBuffer(width: 12, height: 3), at: 2)
        let lines = try #require(resized)
        let found = try events(lines.split(separator: "\n").map(String.init))
        #expect(found.map(\.kind) == ["r", "o"])
        #expect(found[0].text == "12x3")
        #expect(found.allSatisfy { $0.time == 6 || $0.time == 5 })
    }

    @Test("the header is one line of JSON, whatever the title")
    func header() throws {
        let text = Cast.header(width: 80, height: 24, title: "a \"b\"\n\u{1B}[2J")
        #expect(text.filter { $0 == "\n" }.count == 1)
        let header = try JSONDecoder().decode(Header.self, from: Data(text.utf8))
        #expect(header.version == 2 && header.width == 80 && header.height == 24)
        #expect(header.title == "a \"b\"\n\u{1B}[2J")
    }

    @Test("the tail of a long film is bounded, begins with a whole picture at 0, and its times grow")
    func tail() throws {
        var tail = CastTail()
        var buffer = CellBuffer(width: 200, height: 60)
        #expect(tail.file(title: "") == nil)
        for step in 0..<1200 {
            buffer.fill(buffer.bounds, step % 2 == 0 ? "x" : "y")
            buffer.put("\(step)", x: 0, y: 0, .plain)
            tail.add(buffer, at: Double(step))
        }
        let file = try #require(tail.file(title: "t"))
        #expect(file.utf8.count < CastTail.limit * 3 / 2)
        let found = try events(file.split(separator: "\n").dropFirst().map(String.init))
        #expect(found[0].time == 0 && found[0].text.contains("\u{1B}[2J"))
        #expect(zip(found, found.dropFirst()).allSatisfy { $0.time <= $1.time })
        // The last picture is the one that was added last.
        var player = Player(width: 200, height: 60)
        for event in found { try player.show(event.text) }
        #expect(player.cells.flatMap(\.self).map(\.scalar) == buffer.cells.map(\.scalar))
    }
}
