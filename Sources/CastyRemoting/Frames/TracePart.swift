package import CastySerialization
package import NIOCore

/// The optional first part of a message's payload: the context that the message was sent in, as texts by name.
///
/// The highest bit of the codec's number says that it is there. It is sent only to nodes that have said that they know
/// it; such a node skips it where it has no tracer.
package enum TracePart {
    /// The bit of the codec's number; the codecs' own numbers are below it.
    static let mark: UInt8 = 0x80
    /// The most entries, and the most bytes of UTF-8 of a name or a value. What does not fit is not sent.
    static let mostEntries = 16
    static let longestText = 1024

    /// Whether messages of this codec begin with the part.
    package static func isIn(_ codec: CodecID) -> Bool { codec.rawValue & mark != 0 }

    /// The number of a codec for messages that begin with the part.
    package static func marked(_ codec: CodecID) -> CodecID { CodecID(rawValue: codec.rawValue | mark) }

    /// The number of a codec without the mark.
    package static func unmarked(_ codec: CodecID) -> CodecID { CodecID(rawValue: codec.rawValue & ~mark) }

    /// Writes the part; nothing where the texts are none that may be sent.
    ///
    /// - Returns: Whether it was written.
    package static func write(_ texts: [String: String], into buffer: inout ByteBuffer) -> Bool {
        let isShort = { (text: String) in text.utf8.count <= longestText }
        guard !texts.isEmpty, texts.count <= mostEntries, texts.allSatisfy({ isShort($0.key) && isShort($0.value) })
        else { return false }
        buffer.writeVarint(UInt64(texts.count))
        for (name, value) in texts.sorted(by: { $0.key < $1.key }) {
            buffer.writeText(name)
            buffer.writeText(value)
        }
        return true
    }

    /// Reads the part, and leaves the message.
    ///
    /// - Throws: ``WireError`` where it is cut short or above its limits.
    package static func read(from payload: inout ByteBuffer) throws(WireError) -> [String: String] {
        let count = try payload.readVarint()
        guard count >= 1, count <= UInt64(mostEntries) else {
            throw WireError(.malformed, "a message's context has \(count) entries")
        }
        var texts: [String: String] = [:]
        for _ in 0..<count {
            let name = try payload.readText(upTo: longestText)
            texts[name] = try payload.readText(upTo: longestText)
        }
        return texts
    }
}
