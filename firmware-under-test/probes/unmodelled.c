/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Uses DMA1 and ADC1, whose registers a simulator may not have.
 */
#include "probe.h"

#define DMA1_ISR  REG(0x40020000UL)
#define DMA1_CCR1 REG(0x40020008UL)
#define DMA1_CNDTR1 REG(0x4002000CUL)
#define ADC1_ISR  REG(0x50000000UL)
#define ADC1_CR   REG(0x50000008UL)
#define ADC1_CFGR REG(0x5000000CUL)

int main(void)
{
    RCC_AHBENR |= RCC_AHBENR_DMA1EN | RCC_AHBENR_ADC12EN;

    DMA1_CNDTR1 = 16;
    DMA1_CCR1 = BIT(7); /* MINC */
    result[0] = DMA1_CNDTR1;
    result[1] = DMA1_CCR1;
    result[2] = DMA1_ISR;

    ADC1_CFGR = BIT(13); /* CONT */
    result[3] = ADC1_CFGR;
    result[4] = ADC1_CR;
    result[5] = ADC1_ISR;
    result[6] = 1; /* got here */
    return 0;
}
