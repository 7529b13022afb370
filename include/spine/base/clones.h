/* clones.h -- one binary for several processors.
 *
 * A function marked SPINE_CLONES is compiled once for AVX-512, once for AVX2 and once for any
 * processor; the loader picks the best version for the machine. Other compilers and architectures
 * get one version. */
#ifndef SPINE_BASE_CLONES_H
#define SPINE_BASE_CLONES_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define SPINE_HAS_CLONES
#define SPINE_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
/* For a function that has another version for AVX-512, of its own. */
#define SPINE_CLONES_TO_AVX2 __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define SPINE_CLONES
#define SPINE_CLONES_TO_AVX2
#endif

#endif
