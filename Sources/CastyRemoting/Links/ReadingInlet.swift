import CastyActors
package import CastySerialization
package import NIOCore

/// A route that reads the encoded messages for it itself.
package protocol EncodedReceiver: AnyObject, Sendable {
    /// What reads the messages of one connection; `nil` where they take the usual way.
    func makeReader() -> (any EncodedReader)?
}

/// Reads the messages of one connection for a route, and delivers them in batches. It belongs to the calls of that
/// connection.
package protocol EncodedReader: AnyObject {
    /// Reads a message, which waits for ``flush()``.
    ///
    /// - Throws: Where it leaves the message to the usual way, or cannot read it. The messages before it still wait.
    func take(_ payload: inout ByteBuffer, _ codec: CodecID, _ context: CodingContext) throws

    /// Delivers what was read.
    func flush()
}

/// The way of messages to a route that reads them itself.
final class ReadingInlet: Inlet {
    private let reader: any EncodedReader

    init(_ reader: any EncodedReader, type: Int, publications: UInt64?) {
        self.reader = reader
        super.init(type: type, publications: publications)
    }

    override func take(_ payload: inout ByteBuffer, _ codec: CodecID, _ context: CodingContext) throws {
        try reader.take(&payload, codec, context)
    }

    override func flush() { reader.flush() }
}
