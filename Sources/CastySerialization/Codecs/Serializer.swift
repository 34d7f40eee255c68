/// Turns values into bytes and back.
///
/// Messages between two nodes use the serializer that both support, see ``CodecID``; stores may use any.
public protocol Serializer: Sendable {
    /// Encodes a value.
    ///
    /// - Throws: What the type's `encode(to:)` throws, or an error if values are nested too deep.
    func encode(_ value: some Encodable) throws -> [UInt8]

    /// Decodes a value.
    ///
    /// - Throws: `DecodingError` if the bytes are not of this type.
    func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value
}
