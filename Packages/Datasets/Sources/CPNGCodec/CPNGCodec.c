#include "CPNGCodec.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pngcodec_decoder {
    png_structp png;
    png_infop info;
    const uint8_t *bytes;
    size_t count, position;
    size_t row_bytes;
    uint32_t height;
    int passes;
    char message[PNGCODEC_MESSAGE_SIZE];
};

static void copy_message(char *to, const char *from) {
    strncpy(to, from, PNGCODEC_MESSAGE_SIZE - 1);
    to[PNGCODEC_MESSAGE_SIZE - 1] = 0;
}

// The error pointer of both the reader and the writer is a message buffer.
static void on_error(png_structp png, png_const_charp text) {
    copy_message(png_get_error_ptr(png), text);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text) { (void)png; (void)text; }

static void read_bytes(png_structp png, png_bytep to, size_t length) {
    pngcodec_decoder *decoder = png_get_io_ptr(png);
    if (length > decoder->count - decoder->position) png_error(png, "the file is cut off");
    memcpy(to, decoder->bytes + decoder->position, length);
    decoder->position += length;
}

pngcodec_decoder *pngcodec_open(const uint8_t *bytes, size_t count, int keep_16_bits, pngcodec_limits limits,
                                pngcodec_header *header, char message[PNGCODEC_MESSAGE_SIZE]) {
    if (count < 8 || png_sig_cmp(bytes, 0, 8) != 0) {
        copy_message(message, "the PNG signature is missing");
        return NULL;
    }
    if (count >= 24) {
        uint32_t width = png_get_uint_32(bytes + 16), height = png_get_uint_32(bytes + 20);
        if (width > limits.maximum_side || height > limits.maximum_side) {
            snprintf(message, PNGCODEC_MESSAGE_SIZE, "at most %u pixels a side, got %u x %u",
                     limits.maximum_side, width, height);
            return NULL;
        }
    }
    pngcodec_decoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder) {
        copy_message(message, "out of memory");
        return NULL;
    }
    decoder->bytes = bytes;
    decoder->count = count;
    decoder->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, decoder->message, on_error, on_warning);
    decoder->info = decoder->png ? png_create_info_struct(decoder->png) : NULL;
    if (!decoder->info) {
        copy_message(message, "out of memory");
        pngcodec_close(decoder);
        return NULL;
    }
    if (setjmp(png_jmpbuf(decoder->png))) {
        copy_message(message, decoder->message);
        pngcodec_close(decoder);
        return NULL;
    }
    png_structp png = decoder->png;
    png_set_read_fn(png, decoder, read_bytes);
    png_set_user_limits(png, limits.maximum_side, limits.maximum_side);
    // Text and profiles are of no use here: skip every chunk that does not change the pixels.
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    static const png_byte skipped[] = "iCCP\0iTXt\0tEXt\0zTXt\0sPLT\0eXIf\0hIST\0pCAL\0sCAL\0";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, skipped, (int)(sizeof skipped / 5));
    png_read_info(png, decoder->info);

    int depth = png_get_bit_depth(png, decoder->info);
    png_set_expand(png);  // palette to RGB, grey of 1, 2, 4 bits to 8, tRNS to alpha
    if (depth == 16 && !keep_16_bits) png_set_strip_16(png);
    decoder->passes = png_set_interlace_handling(png);
    png_read_update_info(png, decoder->info);

    header->width = png_get_image_width(png, decoder->info);
    header->height = decoder->height = png_get_image_height(png, decoder->info);
    header->channels = png_get_channels(png, decoder->info);
    header->bytes_per_sample = depth == 16 && keep_16_bits ? 2 : 1;
    decoder->row_bytes = png_get_rowbytes(png, decoder->info);
    if (decoder->row_bytes != (size_t)header->width * header->channels * header->bytes_per_sample)
        png_error(png, "unexpected row size");
    if ((uint64_t)decoder->row_bytes * header->height > limits.maximum_bytes)
    {
        char text[PNGCODEC_MESSAGE_SIZE];
        snprintf(text, sizeof text, "%u x %u pixels are larger than the limit of %.4g MiB", header->width,
                 header->height, (double)limits.maximum_bytes / (1 << 20));
        png_error(png, text);
    }
    return decoder;
}

int pngcodec_read(pngcodec_decoder *decoder, uint8_t *pixels, char message[PNGCODEC_MESSAGE_SIZE]) {
    if (setjmp(png_jmpbuf(decoder->png))) {
        copy_message(message, decoder->message);
        return 1;
    }
    for (int pass = 0; pass < decoder->passes; pass++)
        for (uint32_t y = 0; y < decoder->height; y++)
            png_read_row(decoder->png, pixels + y * decoder->row_bytes, NULL);
    png_read_end(decoder->png, NULL);
    return 0;
}

void pngcodec_close(pngcodec_decoder *decoder) {
    if (!decoder) return;
    png_destroy_read_struct(&decoder->png, &decoder->info, NULL);
    free(decoder);
}

typedef struct {
    uint8_t *bytes;
    size_t count, capacity;
} output;

static void write_bytes(png_structp png, png_bytep from, size_t length) {
    output *o = png_get_io_ptr(png);
    if (o->count + length > o->capacity) {
        size_t capacity = (o->count + length) * 2;
        uint8_t *grown = realloc(o->bytes, capacity);
        if (!grown) png_error(png, "out of memory");
        o->bytes = grown;
        o->capacity = capacity;
    }
    memcpy(o->bytes + o->count, from, length);
    o->count += length;
}

static void flush_bytes(png_structp png) { (void)png; }

int pngcodec_write(const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t channels, int compression_level,
                   uint8_t **bytes, size_t *count, char message[PNGCODEC_MESSAGE_SIZE]) {
    static const int colour_types[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                       PNG_COLOR_TYPE_RGB_ALPHA};
    // On the heap, so that longjmp cannot leave them in clobbered registers.
    output *o = calloc(1, sizeof *o);
    png_structp png = o ? png_create_write_struct(PNG_LIBPNG_VER_STRING, message, on_error, on_warning) : NULL;
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        copy_message(message, "out of memory");
        png_destroy_write_struct(&png, NULL);
        free(o);
        return 1;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        free(o->bytes);
        free(o);
        return 1;
    }
    png_set_write_fn(png, o, write_bytes, flush_bytes);
    png_set_compression_level(png, compression_level);
    png_set_IHDR(png, info, width, height, 8, colour_types[channels - 1], PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (uint32_t y = 0; y < height; y++) png_write_row(png, pixels + (size_t)y * width * channels);
    png_write_end(png, NULL);
    *bytes = o->bytes;
    *count = o->count;
    png_destroy_write_struct(&png, &info);
    free(o);
    return 0;
}
