// PNG decoding and encoding in memory through libpng. Every libpng error ends inside these functions (setjmp) and comes
// back as a message; no longjmp ever leaves them, so Swift can call them safely.
#ifndef CPNGCODEC_H
#define CPNGCODEC_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t width, height;
    uint32_t channels;         // after expansion: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha
    uint32_t bytes_per_sample; // 1 or 2 (big-endian)
} pngcodec_header;

typedef struct {
    uint32_t maximum_side;     // pixels
    uint64_t maximum_bytes;    // of the decoded image
} pngcodec_limits;

typedef struct pngcodec_decoder pngcodec_decoder;

enum { PNGCODEC_MESSAGE_SIZE = 160 };

// Reads the header. The bytes must stay alive until pngcodec_close. Returns NULL, with a message, on failure.
// keep_16_bits: 16-bit files keep both bytes of a sample; otherwise the high one.
pngcodec_decoder *pngcodec_open(const uint8_t *bytes, size_t count, int keep_16_bits, pngcodec_limits limits,
                                pngcodec_header *header, char message[PNGCODEC_MESSAGE_SIZE]);
// Reads the pixels, rows of interleaved samples without padding, into a buffer of height * width * channels *
// bytes_per_sample bytes. Returns 0 on success. May be called once.
int pngcodec_read(pngcodec_decoder *decoder, uint8_t *pixels, char message[PNGCODEC_MESSAGE_SIZE]);
void pngcodec_close(pngcodec_decoder *decoder);

// Writes an image of interleaved 8-bit samples. On success returns 0 and a buffer for free().
int pngcodec_write(const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels, int compression_level,
                   uint8_t **bytes, size_t *count, char message[PNGCODEC_MESSAGE_SIZE]);

#endif
